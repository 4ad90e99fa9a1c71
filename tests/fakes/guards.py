"""Guards of a camera's address, written from the RFCs and apart from the city's own code: who gets in, how often."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

USER, PASSWORD = "người xem", 'Bí mật: 1/2\\"3"'
TARGET = "/clip?of=1"


def basic(user: str = "viewer", password: str = PASSWORD) -> Callable[[dict[str, str], str], dict[str, str] | None]:
    """Lets in who shows that name and password (RFC 7617)."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return lambda asked, _: None if asked.get("authorization") == wanted else {"WWW-Authenticate": 'Basic realm="cam"'}


def bearer(token: str) -> Callable[[dict[str, str], str], dict[str, str] | None]:
    """Lets in who shows the token (RFC 6750)."""
    return lambda asked, _: None if asked.get("authorization") == f"Bearer {token}" else {"WWW-Authenticate": "Bearer"}


@dataclass
class Digest:
    """Lets in who answers its challenge (RFC 7616), each count of a nonce once; a nonce is good for `uses` answers."""

    user: str = "viewer"
    password: str = PASSWORD
    algorithm: str | None = "SHA-256"
    qop: bool = True
    uses: int = 1000
    realm: str = 'cam "at" the gate'
    beside: str = ""
    """Another challenge in front of its own."""
    counts: list[int] = field(default_factory=list)
    nonces: int = 0
    _seen: set[str] = field(default_factory=set)
    _session: str = ""

    def __call__(self, asked: dict[str, str], target: str) -> dict[str, str] | None:
        """None to let the request in, or the headers of a refusal."""
        told = self._told(asked.get("authorization", ""))
        if told is None:
            return self._challenge(stale=False)
        if told["nonce"] != self._nonce:
            return self._challenge(stale=True)
        if self.qop and (told["nc"] in self._seen or len(self._seen) >= self.uses):
            return self._challenge(stale=True)
        if told["uri"] != target or told["response"] != self._response(told):
            return self._challenge(stale=False)
        self._seen.add(told.get("nc", ""))
        self.counts.append(int(told.get("nc", "0"), 16))
        return None

    @property
    def _nonce(self) -> str:
        return f"n{self.nonces}/+="

    def _told(self, header: str) -> dict[str, str] | None:
        scheme, _, rest = header.partition(" ")
        if scheme != "Digest":
            return None
        found = re.findall(r'([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^,\s]+))', rest)
        told = {name: re.sub(r"\\(.)", r"\1", quoted) or plain for name, quoted, plain in found}
        return told if told.get("opaque") == "o" and told.get("realm") == self.realm else None

    def _response(self, told: dict[str, str]) -> str:
        name = (self.algorithm or "MD5").upper()
        make = hashlib.sha256 if name.startswith("SHA-256") else hashlib.md5

        def hashed(*parts: str) -> str:
            return make(":".join(parts).encode()).hexdigest()

        who = hashed(self.user, self.realm, self.password)
        if name.endswith("-SESS"):
            self._session = self._session or hashed(who, told["nonce"], told["cnonce"])
            who = self._session
        what = hashed("GET", told["uri"])
        if not self.qop:
            return hashed(who, told["nonce"], what)
        return hashed(who, told["nonce"], told["nc"], told["cnonce"], "auth", what)

    def _challenge(self, *, stale: bool) -> dict[str, str]:
        self.nonces, self._seen, self._session = self.nonces + 1, set(), ""
        quoted = self.realm.replace('"', '\\"')
        told = [f'realm="{quoted}"', f'nonce="{self._nonce}"', 'opaque="o"']
        told += [f"algorithm={self.algorithm}"] if self.algorithm else []
        told += ['qop="auth-int, auth"'] if self.qop else []
        told += ["stale=TRUE"] if stale else []
        return {"WWW-Authenticate": self.beside + "Digest " + ", ".join(told)}
