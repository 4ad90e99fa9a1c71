"""When an analytic is promised at a camera: by what its profile said at each time."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from civicam.cameras.coverage import Stretch
from civicam.cameras.schedule import is_scheduled
from civicam.contracts.cameras import Camera, Profile

MINUTE = timedelta(minutes=1)
"""Schedules are kept to the minute."""


def promised(versions: Sequence[Camera], analytic: str, period: Stretch) -> tuple[Stretch, ...]:
    """When in the period the camera was to be analysed for it. `versions`: all that there are, the first one first.

    Before it was registered, outside its schedule, and once the right to its footage has ended, nothing is promised.
    """
    return tuple(_within(versions, analytic, period))


def analytics_of(versions: Iterable[Camera]) -> tuple[str, ...]:
    """Every analytic that any of the versions names, by name."""
    return tuple(sorted({name for camera in versions for name in camera.profile.analytics}))


def _within(versions: Sequence[Camera], analytic: str, period: Stretch) -> Iterator[Stretch]:
    begins = [camera.changed.at if camera.changed else period.start for camera in versions]
    for camera, begin, until in zip(versions, begins, (*begins[1:], period.end), strict=True):
        start, end = max(begin, period.start), min(until, period.end, camera.consent_until or period.end)
        if analytic in camera.profile.analytics and start < end:
            yield from _scheduled(camera.profile, start, end)


def _scheduled(profile: Profile, start: datetime, end: datetime) -> Iterator[Stretch]:
    if not profile.schedule:
        yield Stretch(start, end)
        return
    since, moment = None, start
    while moment < end:
        following = min(end, moment.replace(second=0, microsecond=0) + MINUTE)
        if is_scheduled(profile.schedule, moment):
            since = since or moment
        elif since:
            yield Stretch(since, moment)
            since = None
        moment = following
    if since:
        yield Stretch(since, end)
