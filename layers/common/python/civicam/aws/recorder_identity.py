"""A recorder's own side of its identity: a file that holds its secret, changed for tokens over HTTPS."""

import json
import os
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import urllib3
from pydantic import ValidationError

from civicam.contracts.base import Body, now
from civicam.contracts.errors import Rejected, Unavailable
from civicam.contracts.recorders import Enrolled, Token, digest_of

TIMEOUT = urllib3.Timeout(connect=5, read=30)
BEFORE_ITS_END = timedelta(minutes=2)
PLACE = "/v1/recorders"
"""Where a recorder's own routes begin."""


class Kept(Body):
    """What the file holds; `next_secret` is written before the city is told of it, so that neither side is left out."""

    api: str
    recorder_id: str
    camera_id: str
    secret: str
    next_secret: str


@dataclass
class RecorderIdentity:
    """Who this recorder is. One process uses the file at a time."""

    file: Path
    kept: Kept = field(repr=False)
    http: urllib3.PoolManager = field(repr=False)
    _token: Token | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of_file(cls, file: Path, http: urllib3.PoolManager | None = None) -> Self:
        """The identity in a file; raises Rejected (`malformed_identity`)."""
        try:
            return cls(file, Kept.model_validate_json(file.read_bytes()), http or urllib3.PoolManager(maxsize=2))
        except (OSError, ValidationError) as error:
            told = f"{file} holds no identity: enrol with a new code from `civicam edge code`"
            raise Rejected("malformed_identity", told) from error

    @classmethod
    def enrol(cls, api: str, code: str, file: Path, http: urllib3.PoolManager | None = None) -> Self:
        """Change a code for an identity, and keep it; raises Rejected (`unauthenticated`), Unavailable.

        The secret is on disk before the code goes out: whoever is cut off in between enrols again with the same file.
        """
        if not api.startswith("https://") and not api.startswith("http://127.0.0.1:"):
            raise Rejected("refused_address", "an identity goes over https:// only")
        draft = file.with_suffix(file.suffix + ".draft")
        if not draft.exists():
            _write(draft, secrets.token_hex(32))
        secret, http = draft.read_text(), http or urllib3.PoolManager(maxsize=2)
        told = _post(http, api, f"{PLACE}/enrol", {"code": code.strip(), "secret_digest": digest_of(secret)})
        enrolled = Enrolled.model_validate(told)
        kept = Kept(
            api=api,
            recorder_id=enrolled.recorder_id,
            camera_id=enrolled.camera_id,
            secret=secret,
            next_secret=secrets.token_hex(32),
        )
        _write(file, kept.model_dump_json())
        draft.unlink()
        return cls(file, kept, http)

    def token(self) -> str:
        """A token that is good for some minutes at least; raises Unavailable, also while the identity is refused."""
        with self._lock:
            if self._token is None or _soon(self._token.expires_at):
                self._token = self._exchange()
            return self._token.token

    def forget(self) -> None:
        """The token was refused: ask for another the next time."""
        with self._lock:
            self._token = None

    def _exchange(self) -> Token:
        """A token for the secret that is kept; an answer that got lost is asked for again, then the next one counts."""
        try:
            told = self._ask(self.kept.secret, self.kept.next_secret)
        except Rejected as error:
            raise Unavailable(f"this recorder's identity is refused ({error.reason}): enrol it again") from error
        turned = {"secret": self.kept.next_secret, "next_secret": secrets.token_hex(32)}
        self.kept = self.kept.model_copy(update=turned)
        _write(self.file, self.kept.model_dump_json())
        return told

    def _ask(self, secret: str, following: str) -> Token:
        body = {"recorder_id": self.kept.recorder_id, "secret": secret, "next_digest": digest_of(following)}
        return Token.model_validate(_post(self.http, self.kept.api, f"{PLACE}/token", body))


def _soon(moment: datetime) -> bool:
    return now() > moment - BEFORE_ITS_END


def _post(http: urllib3.PoolManager, api: str, path: str, body: dict[str, str]) -> Any:
    try:
        answer = http.request("POST", api.rstrip("/") + path, json=body, timeout=TIMEOUT, retries=False, redirect=False)
    except urllib3.exceptions.HTTPError as error:
        raise Unavailable(f"the city cannot be reached: {type(error).__name__}") from error
    if answer.status in {401, 404, 422}:
        raise Rejected("unauthenticated", "the city does not know this code or secret, or no longer")
    if answer.status != 200:
        raise Unavailable(f"the API answers {answer.status}")
    return json.loads(answer.data)


def _write(file: Path, content: str) -> None:
    draft = file.with_suffix(file.suffix + ".tmp")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)
