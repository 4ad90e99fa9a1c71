"""The vault: credentials of sources in Secrets Manager, one secret for each owner and reference.

Whoever pulls reads it; the API and the command line write it, and nothing hands a secret out again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from botocore.exceptions import ClientError
from pydantic import ValidationError

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.http_source import Keys
from civicam.cameras.authentication import Access
from civicam.contracts.cameras import Camera
from civicam.contracts.credentials import Credentials
from civicam.contracts.errors import Inconsistent, Rejected
from civicam.contracts.sources import PulledSource

KEPT_SECONDS = 300
"""How long credentials are believed; a refusal ends that at once. A call costs USD 5 a million (list price)."""


@dataclass
class _Kept:
    read_at: float
    credentials: Credentials
    accesses: dict[str, Access]


class Vault:
    """Credentials by owner and reference: a camera is opened with those of its own owner only."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._kept: dict[str, _Kept] = {}

    @classmethod
    def from_env(cls) -> Self:
        """The vault SOURCES_VAULT, of which every secret's name begins with it."""
        return cls(setting("SOURCES_VAULT"))

    def keys(self, camera: Camera) -> Keys | None:
        """What may be shown to which origin for this camera; None where it names no credentials.

        Raises Rejected (`no_credentials`) where nobody has set them.
        """
        source = camera.source
        if not isinstance(source, PulledSource) or source.credentials is None:
            return None
        kept = self._read(self._secret(camera.owner_id, source.credentials), source.credentials)

        def access(origin: str) -> Access | None:
            if origin not in kept.credentials.origins:
                return None
            return kept.accesses.setdefault(origin, Access(kept.credentials))

        return access

    def write(self, owner_id: str, reference: str, credentials: Credentials) -> None:
        """Put credentials in, over what stood there."""
        name = self._secret(owner_id, reference)
        try:
            clients.secretsmanager().put_secret_value(SecretId=name, SecretString=credentials.stored())
        except clients.secretsmanager().exceptions.ResourceNotFoundException:
            clients.secretsmanager().create_secret(
                Name=name, SecretString=credentials.stored(), KmsKeyId=setting("SOURCES_KEY")
            )

    def forget(self, camera: Camera) -> None:
        """Read the camera's credentials anew next time: the source refuses them, so somebody may have changed them."""
        if isinstance(camera.source, PulledSource) and camera.source.credentials:
            self._kept.pop(self._secret(camera.owner_id, camera.source.credentials), None)

    def _secret(self, owner_id: str, reference: str) -> str:
        return f"{self._name}/{owner_id}/{reference}"

    def _read(self, name: str, reference: str) -> _Kept:
        kept = self._kept.get(name)
        if kept and self._clock() - kept.read_at < KEPT_SECONDS:
            return kept
        try:
            text = clients.secretsmanager().get_secret_value(SecretId=name)["SecretString"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            told = f"the credentials {reference} are not set: civicam cameras credentials set {reference}"
            raise Rejected("no_credentials", told) from None
        try:
            credentials = Credentials.model_validate_json(text)
        except ValidationError:
            raise Inconsistent(f"the credentials {reference} are no credentials: set them again") from None
        if kept and kept.credentials == credentials:
            kept.read_at = self._clock()
            return kept
        self._kept[name] = _Kept(self._clock(), credentials, {})
        return self._kept[name]
