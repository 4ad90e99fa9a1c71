"""For how long cameras saw, over any period: by camera, and summed by whatever they have in common."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from civicam.cameras.health import Health
from civicam.contracts.base import Document, Moment
from civicam.contracts.health import CameraHealthChanged, HealthState

SEES: frozenset[HealthState] = frozenset({"healthy", "degraded"})


class Uptime(Document):
    """How long cameras were in which state, in camera-seconds; together, the period as often as there are cameras."""

    cameras: int
    start: Moment
    end: Moment
    seconds: dict[HealthState, float]

    @property
    def share(self) -> float | None:
        """Of the time in which anybody could tell, the share in which they saw, 0..1; None where nobody could."""
        told = sum(seconds for state, seconds in self.seconds.items() if state != "unknown")
        return sum(self.seconds.get(state, 0.0) for state in SEES) / told if told else None


@dataclass(frozen=True)
class Period:
    """From `start` on, and before `end`."""

    start: datetime
    end: datetime
    length: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", (self.end - self.start).total_seconds())


def uptime(changes: Sequence[CameraHealthChanged], now: Health, period: Period) -> Uptime:
    """Of one camera: `changes` are its changes in the period, in order, and where there was one after it, the first of
    those; `now` is what holds since the last change that there was."""
    seconds: dict[HealthState, float] = {}
    for state, start, end in _stretches(changes, now, period):
        lasted = (min(end, period.end) - max(start, period.start)).total_seconds()
        if lasted > 0:
            seconds[state] = seconds.get(state, 0.0) + lasted
    return Uptime(cameras=1, start=period.start, end=period.end, seconds=seconds)


def summed(uptimes: Iterable[Uptime], period: Period) -> Uptime:
    """Of several cameras over one period."""
    cameras, seconds = 0, dict[HealthState, float]()
    for one in uptimes:
        cameras += one.cameras
        for state, lasted in one.seconds.items():
            seconds[state] = seconds.get(state, 0.0) + lasted
    return Uptime(cameras=cameras, start=period.start, end=period.end, seconds=seconds)


def _stretches(
    changes: Sequence[CameraHealthChanged], now: Health, period: Period
) -> Iterator[tuple[HealthState, datetime, datetime]]:
    """Each state that the camera was in, from when to when, all of the period long."""
    since = period.start
    for change in changes:
        yield change.state_before, since, change.since
        since = max(since, change.since)
    if not changes and now.since > period.start:
        yield "unknown", period.start, now.since
        since = now.since
    yield now.state, since, period.end
