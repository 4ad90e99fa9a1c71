"""When each camera's source is read: the plan of a minute, spread so that a thousand cameras do not ask at once."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from civicam.cameras.registration import may_have
from civicam.contracts.base import Body, Moment, utc_text
from civicam.contracts.cameras import Camera, HttpSource
from civicam.contracts.errors import Rejected
from civicam.contracts.footage import ClockQuality
from civicam.contracts.ids import CameraId, digest
from civicam.contracts.sources import MjpegSource, PulledSource

MINUTE = timedelta(minutes=1)
LAST_READ_MARGIN_SECONDS = 4
"""Pictures are asked for at least this long before their minute ends, so that the last one still falls into it."""
HEALTH_SECONDS = 60
"""A camera that is not analysed is looked at so often: a picture a minute, which is what `dead` is told from."""
CLOSING = timedelta(seconds=20)
"""A series is closed this long after its minute: as long as a picture that was asked for in it may take."""
START_HEADER, END_HEADER = "capture-start", "capture-end"
"""How an HTTP source states when its clip was filmed (RFC 3339, both or none)."""


class Pull(Body):
    """Read a source at that time, look only whether it is well, or close the series of pictures of a minute."""

    camera_id: CameraId
    at: Moment
    action: Literal["read", "look", "close"] = "read"


def minute_of(moment: datetime) -> datetime:
    """The whole minute that a moment lies in."""
    return moment.replace(second=0, microsecond=0)


def plan(camera: Camera, minute: datetime) -> tuple[Pull, ...]:
    """The camera's pulls of one minute, in order; the same whenever the minute is planned.

    Empty for a push source, and once the city may not have the camera's footage any more.
    """
    source = camera.source
    if not isinstance(source, PulledSource) or not may_have(camera, minute):
        return ()
    first = _offset(camera.camera_id, source)
    seconds = int(minute.timestamp())
    wait = (first - seconds) % source.interval_seconds
    reads = [
        Pull(camera_id=camera.camera_id, at=minute + timedelta(seconds=after))
        for after in range(wait, 60, source.interval_seconds)
    ]
    if reads and _is_picture(source):
        reads.append(Pull(camera_id=camera.camera_id, at=minute + MINUTE + CLOSING, action="close"))
    return tuple(reads)


def plan_look(camera: Camera, minute: datetime) -> tuple[Pull, ...]:
    """The one look of that minute at a camera that is not analysed; empty in most minutes of a slower source.

    A recorder's exports are not looked at: what it has in store tells nothing of its camera, and costs it as much.
    """
    source = camera.source
    if not isinstance(source, HttpSource | MjpegSource) or not may_have(camera, minute):
        return ()
    interval = max(HEALTH_SECONDS, source.interval_seconds)
    wait = (int(digest("pull", camera.camera_id)[:8], 16) - int(minute.timestamp())) % interval
    at = minute + timedelta(seconds=wait)
    return (Pull(camera_id=camera.camera_id, at=at, action="look"),) if at < minute + MINUTE else ()


def series_minute(pull: Pull) -> datetime:
    """The minute whose pictures a pull adds to or closes."""
    return minute_of(pull.at) - (MINUTE if pull.action == "close" else timedelta())


def delay_seconds(due: datetime, at: datetime) -> int:
    """Whole seconds to keep the message back so that it arrives when it is due; SQS takes up to 900."""
    return max(0, min(900, round((due - at).total_seconds())))


def late_at(pull: Pull, source: PulledSource) -> datetime:
    """When the source's next pull is due: then this one is let go, the source has moved on. Never for a close."""
    if pull.action == "close":
        return pull.at + timedelta(days=1)  # its pictures lie in the inbox as long
    if pull.action == "look":
        return pull.at + timedelta(seconds=max(HEALTH_SECONDS, source.interval_seconds))
    if _is_picture(source):
        return series_minute(pull) + MINUTE
    return pull.at + timedelta(seconds=source.interval_seconds)


def is_late(pull: Pull, source: PulledSource, at: datetime) -> bool:
    """Whether the pull is to be let go."""
    return at >= late_at(pull, source)


def captured(headers: Mapping[str, str], pull: Pull, source: PulledSource) -> tuple[datetime, datetime, ClockQuality]:
    """When a pulled clip was filmed: as the source states it, else the interval up to the pull.

    Raises Rejected (`malformed_footage`) where the source states it, but not as two RFC 3339 times.
    """
    start, end = headers.get(START_HEADER), headers.get(END_HEADER)
    if start is None and end is None:
        return pull.at - timedelta(seconds=source.interval_seconds), pull.at, ClockQuality.RECEIVED
    try:
        return _aware(start), _aware(end), ClockQuality.DECLARED
    except (TypeError, ValueError) as error:
        told = f"{START_HEADER}: {start}, {END_HEADER}: {end}"
        raise Rejected("malformed_footage", f"the source states {told}: send two RFC 3339 times") from error


def _offset(camera_id: str, source: PulledSource) -> int:
    margin = LAST_READ_MARGIN_SECONDS if _is_picture(source) else 0
    return int(digest("pull", camera_id)[:8], 16) % (source.interval_seconds - margin)


def _aware(text: str | None) -> datetime:
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError(f"{utc_text(moment)} has no offset")
    return moment.astimezone(UTC)


def _is_picture(source: PulledSource) -> bool:
    return isinstance(source, HttpSource) and source.kind == "http_picture"
