"""Which stretches of a video recorder's time are asked for next, how its address names them, and what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from civicam.contracts.cameras import FootageMissed
from civicam.contracts.sources import UNIX, UNIX_MS, ExportSource

STRETCHES_A_PULL = 3
"""More than one, so that what an outage left is caught up with: a recorder has days of it."""
TOLERANCE = timedelta(seconds=2)
"""Devices cut at keyframes: a clip that is so much shorter or later than asked is whole."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of time, its end not included."""

    start: datetime
    end: datetime


def due(source: ExportSource, until: datetime | None, at: datetime) -> tuple[Stretch | None, tuple[Stretch, ...]]:
    """What will not come any more, and what is asked for now, oldest first; `until` is as far as it was exported.

    Stretches lie on a grid, so that whoever asks again asks for the same ones. A source that was never read begins with
    its last one.
    """
    step = timedelta(seconds=source.clip_seconds)
    ready = at - timedelta(seconds=source.delay_seconds)
    start = until or _on_grid(ready, source.clip_seconds) - step
    oldest = _on_grid(at - timedelta(seconds=source.patience_seconds), source.clip_seconds)
    missed = Stretch(start, oldest) if start < oldest else None
    return missed, tuple(_stretches(max(start, oldest), step, ready))


def address(source: ExportSource, stretch: Stretch) -> str:
    """The address of one stretch, its times as the device writes them."""
    named = source.url
    for place, moment in (("{start}", stretch.start), ("{end}", stretch.end)):
        named = named.replace(place, quote(written(moment, source), safe=""))
    return named


def written(moment: datetime, source: ExportSource) -> str:
    """A time in the device's format, by the device's clock."""
    if source.time_format in (UNIX, UNIX_MS):
        return str(int(moment.timestamp() * (1000 if source.time_format == UNIX_MS else 1)))
    return moment.astimezone(ZoneInfo(source.time_zone)).strftime(source.time_format)


def missing(asked: Stretch, got: Stretch) -> tuple[Stretch, ...]:
    """The head and the tail of what was asked for that did not come."""
    parts = (Stretch(asked.start, min(got.start, asked.end)), Stretch(max(got.end, asked.start), asked.end))
    return tuple(part for part in parts if part.end - part.start > TOLERANCE)


def missed(camera_id: str, gap: Stretch, reason: str, at: datetime) -> FootageMissed:
    """The fact that a stretch of a camera's time has no footage, and will have none."""
    return FootageMissed.of(camera_id, gap.start, gap.end, reason, at)


def _stretches(start: datetime, step: timedelta, ready: datetime) -> Iterator[Stretch]:
    for number in range(STRETCHES_A_PULL):
        stretch = Stretch(start + number * step, start + (number + 1) * step)
        if stretch.end > ready:
            return
        yield stretch


def _on_grid(moment: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)
