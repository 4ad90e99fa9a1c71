"""Which footage the city takes: the decisions that need neither bytes nor tables."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from civicam.contracts.base import utc_text
from civicam.contracts.cameras import Camera, ClipDeclaration, ClipRejected, ClipStored
from civicam.contracts.errors import Conflict, Rejected
from civicam.contracts.footage import MEDIA_EXTENSIONS, Footage, FootageKind
from civicam.contracts.ids import digest

DUPLICATE_CONTENT = "duplicate_content"
FROM_THE_FUTURE = "from_the_future"
TOO_OLD = "too_old"


class UnknownCamera(Rejected):
    """Nobody registered the camera."""

    def __init__(self, camera_id: str) -> None:
        super().__init__("unknown_camera", f"camera {camera_id} is not in the registry: register it first")


class DuplicateContent(Conflict):
    """The same bytes of the same camera stand under another capture time: the first claim holds."""

    def __init__(self, footage: Footage) -> None:
        super().__init__(f"these bytes of camera {footage.camera_id} are known under another capture time")
        self.reason = DUPLICATE_CONTENT


@dataclass(frozen=True)
class Limits:
    """How large, long, early and late footage may be."""

    max_bytes: int = 200_000_000
    max_look_bytes: int = 20_000_000
    """Of a look, which is read whole into memory: 600 pictures of 30 kB."""
    max_seconds: float = 600
    clock_slack: timedelta = timedelta(minutes=2)
    """How far a source's clock may run ahead of the city's."""
    max_age: timedelta = timedelta(days=30)
    """As long as the table of facts keeps a clip's facts: older footage would be judged without its neighbours."""


STANDARD = Limits()


def place(declaration: ClipDeclaration, camera: Camera, bucket: str) -> Footage:
    """The footage that is declared, with its id, its key and its camera's retention.

    Raises Rejected: `unsupported_media_type`, `malformed_footage`.
    """
    if declaration.media_type not in MEDIA_EXTENSIONS:
        known = ", ".join(MEDIA_EXTENSIONS)
        raise Rejected("unsupported_media_type", f"{declaration.media_type!r} is not taken: send one of {known}")
    try:
        return Footage.place(**dict(declaration), bucket=bucket, retention=camera.retention)
    except ValidationError as error:
        raise Rejected("malformed_footage", "capture_end must be after capture_start") from error


def admit(footage: Footage, limits: Limits, at: datetime) -> None:
    """Let the footage in, or raise Rejected: `from_the_future`, `too_old`, `too_long`, `too_large`."""
    seconds = (footage.capture_end - footage.capture_start).total_seconds()
    ends, starts = utc_text(footage.capture_end), utc_text(footage.capture_start)
    if footage.capture_end > at + limits.clock_slack:
        raise Rejected(FROM_THE_FUTURE, f"the footage ends at {ends}, and it is {utc_text(at)}: set the source's clock")
    if footage.capture_start < at - limits.max_age:
        raise Rejected(TOO_OLD, f"the footage starts at {starts}: only {limits.max_age.days} days are taken, replay it")
    if seconds > limits.max_seconds:
        raise Rejected("too_long", f"{seconds:.0f} s in one clip: cut it at {limits.max_seconds:.0f} s")
    max_bytes = limits.max_look_bytes if footage.kind is FootageKind.LOOK else limits.max_bytes
    if footage.size_bytes > max_bytes:
        raise Rejected("too_large", f"{footage.size_bytes} bytes in one {footage.kind}: at most {max_bytes} are taken")


def stored(footage: Footage, stored_at: datetime) -> ClipStored:
    """The fact that the footage lies in the city's store: the same fact, whoever announces it and however often."""
    return ClipStored(
        fact_id=digest(ClipStored.TYPE, footage.clip_id),
        camera_id=footage.camera_id,
        footage=footage,
        stored_at=stored_at,
    )


def rejected(footage: Footage, error: Rejected, quarantine_key: str, at: datetime) -> ClipRejected:
    """The fact that the footage cannot be used, with the reason and where it lies now."""
    return ClipRejected(
        fact_id=digest(ClipRejected.TYPE, footage.clip_id, error.reason, utc_text(footage.capture_start)),
        camera_id=footage.camera_id,
        clip_id=footage.clip_id,
        reason=error.reason,
        message=str(error),
        sha256=footage.sha256,
        quarantine_key=quarantine_key,
        rejected_at=at,
    )


def rejected_object(key: str, error: Rejected, quarantine_key: str, at: datetime) -> ClipRejected:
    """The same for an object that does not even say what it is: its key stands in for everything else."""
    parts = key.split("/")
    return ClipRejected(
        fact_id=digest(ClipRejected.TYPE, key, error.reason),
        camera_id=parts[2] if len(parts) > 3 else "unknown",
        clip_id=object_id(key),
        reason=error.reason,
        message=str(error),
        quarantine_key=quarantine_key,
        rejected_at=at,
    )


def object_id(key: str) -> str:
    """What stands for the clip id where there is only a key."""
    return digest("object", key)[:32]
