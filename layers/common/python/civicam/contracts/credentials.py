"""What opens an owner's sources. It is written and never read back: only whoever pulls learns it."""

import json
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from civicam.contracts.base import Body

DEFAULT_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
LONGEST = 1024


def origin_of(url: str) -> str:
    """`https://nvr.example:443`: an address's scheme, host and port (RFC 6454); raises ValueError where it has none."""
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        raise ValueError("an origin is written https://host or http://host:port")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or DEFAULT_PORTS[parts.scheme]}"


class Credentials(Body):
    """A user's name and password, or a token, with the origins that may be shown them."""

    scheme: Literal["basic", "digest", "bearer"]
    """The one way in which they are shown: a source that asks for another gets nothing."""
    username: str = Field(default="", max_length=LONGEST)
    secret: SecretStr = Field(min_length=1, max_length=LONGEST)
    """The password, or the token."""
    origins: tuple[str, ...] = Field(min_length=1, max_length=64)
    """Scheme, host and port of each address that they open; no other ever sees them."""

    @field_validator("origins")
    @classmethod
    def _plain_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(origin_of, origins)))

    @model_validator(mode="after")
    def _can_be_shown(self) -> Self:
        secret = self.secret.get_secret_value()
        if any(letter < " " or letter == "\x7f" for letter in self.username + secret):
            raise ValueError("a name or a secret holds no control character")
        if self.scheme == "bearer" and (self.username or not secret.isascii() or " " in secret):
            raise ValueError("a bearer token has no username, no space and no letter outside ASCII")
        if self.scheme != "bearer" and (not self.username or (self.scheme == "basic" and ":" in self.username)):
            raise ValueError("a username is needed, without a colon")
        return self

    def stored(self) -> str:
        """The JSON that the vault keeps: the one place where the secret is written out."""
        return json.dumps(self.model_dump(mode="json") | {"secret": self.secret.get_secret_value()})
