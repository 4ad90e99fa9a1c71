"""How a source is shown who asks: Basic (RFC 7617), Digest (RFC 7616; RFC 2069 for what is older), Bearer (RFC 6750).

Credentials name their scheme. A source that asks for another gets nothing: whoever stands in the middle, or in the
source's place, cannot have a password told in clear by asking for Basic. What a challenge says is a stranger's text.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from civicam.contracts.credentials import Credentials
from civicam.contracts.errors import Rejected

LONGEST_CHALLENGE = 4096
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?:\s+(?!=)|\s*$|\s*(?=,))")
_PARAMETER = re.compile(rf'[\s,]*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES: Mapping[str, tuple[int, Callable[[bytes], str]]] = {
    "MD5": (1, lambda text: hashlib.md5(text, usedforsecurity=False).hexdigest()),
    "SHA-256": (2, lambda text: hashlib.sha256(text).hexdigest()),
}
"""By name: how strong, and the function. RFC 7616 lets the client take the strongest that it knows."""
_SESSION = "-sess"


@dataclass(frozen=True)
class Challenge:
    """What a source asks for: a scheme and its parameters, names in lower case."""

    scheme: str
    told: Mapping[str, str]

    @property
    def algorithm(self) -> str:
        """MD5 where it names none (RFC 7616, 3.3)."""
        return self.told.get("algorithm", "MD5")

    @property
    def hashed(self) -> str:
        """The name of its hash."""
        return self.algorithm.upper().removesuffix(_SESSION.upper())

    @property
    def is_stale(self) -> bool:
        """Whether only the nonce was too old, and the password right."""
        return self.told.get("stale", "").lower() == "true"

    @property
    def can_be_answered(self) -> bool:
        """Whether it is a Digest challenge of a kind that is known here."""
        offered = re.split(r"[\s,]+", self.told.get("qop", "auth").strip().lower())
        is_plain = all(" " <= letter != "\x7f" for value in self.told.values() for letter in value)
        is_whole = bool(self.told.get("nonce")) and ("qop" in self.told or not self.is_of_a_session)
        return self.scheme == "digest" and self.hashed in _HASHES and "auth" in offered and is_plain and is_whole

    @property
    def is_of_a_session(self) -> bool:
        """Whether the first answer's own nonce goes into all that follow."""
        return self.algorithm.lower().endswith(_SESSION)


@dataclass
class Access:
    """Shows one source who asks, request after request: the count of a nonce's uses goes on (RFC 7616, 3.4)."""

    credentials: Credentials
    cnonce: Callable[[], str] = lambda: secrets.token_hex(16)
    _challenge: Challenge | None = None
    _count: int = 0
    _session: str = field(default="", repr=False)
    _refused: int = 0

    def header(self, method: str, target: str) -> str | None:
        """The Authorization header for a request; None where the source must first send its challenge."""
        name, secret = self.credentials.username, self.credentials.secret.get_secret_value()
        if self.credentials.scheme == "basic":
            return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()
        if self.credentials.scheme == "bearer":
            return f"Bearer {secret}"
        return self._digest(self._challenge, method, target) if self._challenge else None

    def refused(self, challenges: Sequence[str], *, shown: bool) -> None:
        """Take in a 401; the request may be sent again then. `shown`: it bore a header of ours.

        Raises Rejected (`credentials_refused`) where trying again would only lock the account.
        """
        asked = [each for text in challenges for each in read_challenges(text)]
        usable = [each for each in asked if each.can_be_answered]
        if self.credentials.scheme != "digest" or not usable:
            raise _wants_another(self.credentials.scheme, asked)
        best = max(usable, key=lambda each: _HASHES[each.hashed][0])
        self._refused = self._refused + 1 if shown else 0
        self._challenge, self._count, self._session = best, 0, ""
        if shown and (not best.is_stale or self._refused > 1):
            self._challenge = None
            raise Rejected("credentials_refused", "the source refuses the credentials: set them again")

    def taken(self, authentication_info: str | None) -> None:
        """Take in an answer that was no 401; it may name the nonce to use next (RFC 7616, 3.5)."""
        self._refused = 0
        told = _parameters((authentication_info or "")[:LONGEST_CHALLENGE])
        if self._challenge and told.get("nextnonce", "").isprintable() and told.get("nextnonce"):
            self._challenge = Challenge("digest", {**self._challenge.told, "nonce": told["nextnonce"]})
            self._count, self._session = 0, ""

    def _digest(self, asked: Challenge, method: str, target: str) -> str:
        hashed = _HASHES[asked.hashed][1]
        ours, what = self.cnonce(), hashed(f"{method}:{target}".encode())
        who = self._who(asked, ours)
        told = {"realm": asked.told.get("realm", ""), "nonce": asked.told["nonce"], "uri": target}
        plain = {"algorithm": asked.algorithm} if "algorithm" in asked.told else {}
        if "qop" in asked.told:
            self._count += 1
            uses = f"{self._count:08x}"
            told |= {"cnonce": ours, "response": hashed(f"{who}:{told['nonce']}:{uses}:{ours}:auth:{what}".encode())}
            plain |= {"qop": "auth", "nc": uses}
        else:
            told["response"] = hashed(f"{who}:{told['nonce']}:{what}".encode())
        if "opaque" in asked.told:
            told["opaque"] = asked.told["opaque"]
        parts = [self._name(asked), *(f"{name}={_quoted(value)}" for name, value in told.items())]
        return "Digest " + ", ".join([*parts, *(f"{name}={value}" for name, value in plain.items())])

    def _who(self, asked: Challenge, cnonce: str) -> str:
        """H(A1); of a session it holds the first request's own nonce, and stays (RFC 7616, 3.4.2)."""
        hashed = _HASHES[asked.hashed][1]
        secret = self.credentials.secret.get_secret_value()
        who = hashed(f"{self.credentials.username}:{asked.told.get('realm', '')}:{secret}".encode())
        if not asked.is_of_a_session:
            return who
        self._session = self._session or hashed(f"{who}:{asked.told['nonce']}:{cnonce}".encode())
        return self._session

    def _name(self, asked: Challenge) -> str:
        """The user's name: hashed where the source keeps only hashes, in RFC 8187's form where it is not ASCII."""
        name = self.credentials.username
        if asked.told.get("userhash", "").lower() == "true":
            hashed = _HASHES[asked.hashed][1](f"{name}:{asked.told.get('realm', '')}".encode())
            return f"username={_quoted(hashed)}, userhash=true"
        return f"username={_quoted(name)}" if name.isascii() else f"username*=UTF-8''{quote(name, safe='')}"


def read_challenges(text: str) -> list[Challenge]:
    """The challenges of one WWW-Authenticate header (RFC 9110, 11.6.1); what makes no sense ends the reading."""
    text, found = text[:LONGEST_CHALLENGE], list[Challenge]()
    at = 0
    while (named := _SCHEME.match(text, at)) and named.end() > at:
        at, told = named.end(), dict[str, str]()
        while part := _PARAMETER.match(text, at):
            name, quoted, plain = part.groups()
            told.setdefault(name.lower(), plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
            at = part.end()
        found.append(Challenge(named[1].lower(), told))
    return found


def _parameters(text: str) -> dict[str, str]:
    return {
        name.lower(): plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        for name, quoted, plain in (part.groups() for part in _PARAMETER.finditer(text))
    }


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _wants_another(scheme: str, asked: Sequence[Challenge]) -> Rejected:
    named = sorted({each.scheme for each in asked if re.fullmatch(r"[a-z-]{1,20}", each.scheme)})
    wants = f"asks for {' or '.join(named)}" if named and scheme not in named else f"refuses the {scheme} credentials"
    return Rejected("credentials_refused", f"the source {wants}: set credentials of its scheme, with the right secret")
