"""Where footage comes from: addresses that the city reads, folders that somebody fills, people who hand it in."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from civicam.contracts.base import Body
from civicam.contracts.ids import Slug

HOME = "Asia/Ho_Chi_Minh"
UNIX, UNIX_MS = "unix", "unix_ms"
"""Time formats beside strftime's: seconds, or milliseconds, since 1970."""
_FORMAT = re.compile(r"(?:%[YmdHMSfzjy]|[A-Za-z0-9:/_., T+-])+")
_PLACES = re.compile(r"\{([^{}]*)\}")


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no IANA time zone: write one such as {HOME}") from error
    return name


def _known_format(text: str) -> str:
    if text not in (UNIX, UNIX_MS) and not (_FORMAT.fullmatch(text) and "%" in text):
        raise ValueError(f"{text!r} is no time format: %Y %m %d %H %M %S %f %z with plain signs between, or {UNIX}")
    return text


TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""An IANA time zone: that of the device's own clock."""
TimeFormat = Annotated[str, AfterValidator(_known_format)]
"""How a device writes a time: strftime's directives, or `unix`, or `unix_ms`."""


class PulledSource(Body):
    """An address that the city reads, every so often."""

    url: str
    interval_seconds: int = Field(default=60, ge=10, le=3600)
    """Seconds between two reads."""
    credentials: Slug | None = None
    """What the owner called the secret that opens the address (`civicam cameras credentials set`)."""


class MjpegSource(PulledSource):
    """A stream of JPEG pictures (`multipart/x-mixed-replace`): read for a while at a time, kept as a series."""

    kind: Literal["http_mjpeg"] = "http_mjpeg"
    seconds: float = Field(default=10, ge=1, le=30)
    """How long one read lasts."""
    fps: float = Field(default=2, gt=0, le=10)
    """Pictures kept of each second."""

    @model_validator(mode="after")
    def _reads_do_not_meet(self) -> Self:
        if self.seconds >= self.interval_seconds:
            raise ValueError("a read must end before the next begins: seconds must be less than interval_seconds")
        return self


class ExportSource(PulledSource):
    """A video recorder that exports any stretch of time as a clip: {start} and {end} stand in its address."""

    kind: Literal["http_export"] = "http_export"
    time_format: TimeFormat = "%Y-%m-%dT%H:%M:%SZ"
    time_zone: TimeZone = "UTC"
    clip_seconds: int = Field(default=60, ge=10, le=600)
    """How long each clip is that is asked for; they lie end to end."""
    delay_seconds: int = Field(default=30, ge=0, le=3600)
    """How long after its end the device has a stretch ready."""
    patience_seconds: int = Field(default=1800, ge=60, le=86_400)
    """How long a stretch that is not there is asked for; then it is a gap."""

    @model_validator(mode="after")
    def _address_names_the_stretch(self) -> Self:
        if sorted(_PLACES.findall(self.url)) != ["end", "start"] or _PLACES.search(urlsplit(self.url).netloc):
            raise ValueError("the address must hold {start} and {end} once each, behind its host, and no other braces")
        return self


class FolderSource(Body):
    """A folder that a device or a person fills: `inbox/drop/<camera>/` of the footage bucket, or one on a disk."""

    kind: Literal["folder"] = "folder"
    name_format: TimeFormat | None = None
    """Where the file's name tells when its footage starts: the part of it that is a time. Else the file's own time."""
    time_zone: TimeZone = HOME


class CitizenSource(Body):
    """People who hand in what they filmed: a camera that stands for them, in the unit that looks at it."""

    kind: Literal["citizens"] = "citizens"
