"""Footage: a clip, a series of pictures, or what a recorder saw of it, of one camera over one stretch of time."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from civicam.contracts.base import Document, Moment
from civicam.contracts.ids import CameraId, Sha256, clip_id, footage_key


class FootageKind(StrEnum):
    """How the pictures come: one video file, a zip of JPEG pictures named by their capture time, or a look."""

    CLIP = "clip"
    SERIES = "series"
    LOOK = "look"  # boxes and redacted pictures of a clip that stayed at the edge (`civicam.vision.look`)


class ClockQuality(StrEnum):
    """How far the capture time can be believed."""

    SYNCED = "synced"  # the recorder's clock is disciplined (NTP, RTCP) and says so
    DECLARED = "declared"  # the source states a time, nobody checked it
    RECEIVED = "received"  # no time came with the footage: the receiver's clock stands in


SERIES_MEDIA_TYPE = "application/zip"
LOOK_MEDIA_TYPE = "application/vnd.civicam.look+zip"
MEDIA_EXTENSIONS = {
    "video/mp4": "mp4",
    "video/x-msvideo": "avi",
    "video/x-matroska": "mkv",
    SERIES_MEDIA_TYPE: "zip",
    LOOK_MEDIA_TYPE: "look",
}
"""Media types that are taken, and the extension each gets in the footage bucket."""
KINDS = {SERIES_MEDIA_TYPE: FootageKind.SERIES, LOOK_MEDIA_TYPE: FootageKind.LOOK}
"""Of the media types that are no video."""


class Footage(Document):
    """What a camera delivered and where it lies."""

    clip_id: str
    camera_id: CameraId
    kind: FootageKind
    capture_start: Moment
    capture_end: Moment
    clock_quality: ClockQuality
    sha256: Sha256
    size_bytes: int = Field(gt=0)
    media_type: str
    retention: str = "standard"
    bucket: str
    key: str

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.capture_end <= self.capture_start:
            raise ValueError("capture_end must be after capture_start")
        return self

    @classmethod
    def place(  # noqa: PLR0913 - keyword-only: these are the noun's own fields
        cls,
        *,
        camera_id: str,
        capture_start: datetime,
        capture_end: datetime,
        clock_quality: ClockQuality,
        sha256: str,
        size_bytes: int,
        media_type: str,
        bucket: str,
        retention: str = "standard",
    ) -> Self:
        """Footage with its id and its key computed; raises ValueError for a media type that is not taken."""
        if media_type not in MEDIA_EXTENSIONS:
            raise ValueError(f"media type {media_type!r} is not one of {', '.join(MEDIA_EXTENSIONS)}")
        return cls(
            clip_id=clip_id(camera_id, sha256),
            camera_id=camera_id,
            kind=KINDS.get(media_type, FootageKind.CLIP),
            capture_start=capture_start,
            capture_end=capture_end,
            clock_quality=clock_quality,
            sha256=sha256,
            size_bytes=size_bytes,
            media_type=media_type,
            retention=retention,
            bucket=bucket,
            key=footage_key(
                retention=retention,
                camera_id=camera_id,
                capture_start=capture_start,
                sha256=sha256,
                extension=MEDIA_EXTENSIONS[media_type],
            ),
        )
