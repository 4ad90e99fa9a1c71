"""What a recorder at the edge says to become somebody, and to be given a token. Its secret is drawn where it stands."""

import hashlib
import secrets
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from civicam.contracts.base import Body, Document, Moment
from civicam.contracts.ids import CameraId, Sha256, digest

CODE_PATTERN = r"^[A-Z2-7]{5}(-[A-Z2-7]{5}){4}$"
SECRET_PATTERN = r"^[0-9a-f]{64}$"  # noqa: S105 - what a secret looks like
RECORDER_PATTERN = r"^[0-9a-f]{32}$"
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
Secret = Annotated[str, StringConstraints(pattern=SECRET_PATTERN)]
RecorderId = Annotated[str, StringConstraints(pattern=RECORDER_PATTERN)]
TOKEN_SECONDS = 900


class Enrolment(Body):
    """A code for an identity; the city learns the secret's digest only. The same again does no harm."""

    code: Code = Field(repr=False, description="As `civicam edge code` printed it, good once")
    secret_digest: Sha256


class Enrolled(Document):
    """Who the recorder is from now on."""

    recorder_id: RecorderId
    camera_id: CameraId


class TokenRequest(Body):
    """A secret for a token; from then on another secret counts, of which the city is told the digest."""

    recorder_id: RecorderId
    secret: Secret = Field(repr=False)
    next_digest: Sha256


class Token(Document):
    """Shown as `Authorization: Bearer <token>` until it ends."""

    token: str = Field(repr=False)
    expires_at: Moment


class Instruction(Document):
    """What the city wants of a recorder's camera."""

    camera_id: CameraId
    pixels: Literal["city", "edge"]
    """Where its footage is looked at; at the edge, what is delivered is looks (`civicam.vision.look`)."""
    sampling_fps: float = Field(gt=0, le=25)
    passes: tuple[str, ...]
    """What is looked for at the edge: `objects`, `faces`."""


def new_code() -> str:
    """A code of 125 bits, in groups that a person can read out."""
    letters = "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(25))
    return "-".join(letters[at : at + 5] for at in range(0, 25, 5))


def digest_of(secret: str) -> str:
    """What stands for a secret where it is kept; it was drawn from so many that nobody can try them all."""
    return hashlib.sha256(secret.encode()).hexdigest()


def recorder_id(code: str, secret_digest: str) -> str:
    """The same code and secret are the same recorder, however often its request comes."""
    return digest("recorder", digest_of(code), secret_digest)[:32]
