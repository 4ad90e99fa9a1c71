"""Areas held from frame to frame, forwards and backwards: what a detector misses now and then stays hidden."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from civicam.contracts.vision import ClipBoxes, FrameBoxes
from civicam.vision.redaction import Area, Corners, Hidden, areas, grown, hull, within

BRIDGED_S = 1.0
"""The longest time that a thing may be missed for between two sightings..."""
LINGER_S = {"face": 0.6, "plate": 0.0}
"""... and how long it is hidden before the first and after the last one, along its way. A face that turns away is lost
and found often; a vehicle that a detector knows by day and by night is lost when it leaves the picture."""
STEPS_BRIDGED, STEPS_LINGERED = 2.1, 1.1
"""The same, at least, in steps of the sampling: so the whole time between two samples is hidden."""
REACH = 1.0
"""How far from where it was going a thing may be found again, in its sizes..."""
REACH_A_SECOND = 2.0
"""... and by how much more for each second that it was not seen."""
SPEED_WINDOW_S = 0.5
"""Over how long its speed is measured: shorter, and the noise of the boxes looks like speed."""
SPEED_MAX = 8.0
"""Sizes a second: somebody who runs past close by."""
GROWTH_A_SECOND = 0.5
"""What is not seen may be elsewhere: by how much of its sides an area grows on each side."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Where an area was seen."""

    time_s: float
    corners: Corners
    counts: bool
    """Whether the box behind it counts by itself."""


class Path:
    """One area's way through the footage, from sighting to sighting; `sure` once a box that counts was among them."""

    def __init__(self, kind: Hidden, first: Sight) -> None:
        self.kind: Hidden = kind
        self.sights = [first]
        self.sure = first.counts

    def add(self, sight: Sight) -> None:
        """The next sighting."""
        self.sights.append(sight)
        self.sure = self.sure or sight.counts

    @property
    def last(self) -> Sight:
        """Where it was seen last."""
        return self.sights[-1]

    def distance(self, found: Sight) -> float:
        """From where it should be by now to where something was found: in sizes, infinite where that cannot be it."""
        waited = found.time_s - self.last.time_s
        ahead = _moved(self.last.corners, _speed(self.sights[::-1]), waited)
        apart = math.dist(_centre(ahead), _centre(found.corners)) / max(_size(ahead), _size(found.corners))
        return apart if apart <= REACH + REACH_A_SECOND * waited else math.inf

    def at(self, time_s: float) -> Corners:
        """What is to be hidden at this time: between two sightings all that lies between them."""
        place = bisect_left(self.sights, time_s, key=lambda sight: sight.time_s)
        if place == len(self.sights):
            return _beyond(self.sights[::-1], time_s)
        if self.sights[place].time_s == time_s:
            return self.sights[place].corners
        if place == 0:
            return _beyond(self.sights, time_s)
        return hull(self.sights[place - 1].corners, self.sights[place].corners)


def hold(boxes: ClipBoxes, times: Sequence[float]) -> list[tuple[Area, ...]]:
    """For each of the `times` (seconds, ascending) what is to be hidden, by what one pass saw in a clip.

    A thing seen at two times is hidden between them, and before the first and after the last for a while, along its
    way. Faint faces are hidden too; a faint vehicle or person only on the way of one that counts: the noise of an empty
    street is large and everywhere.
    """
    seen, source = boxes.seen(), (boxes.width, boxes.height)
    step = _step(seen)
    held: list[list[Area]] = [[] for _ in times]
    for path in link(boxes, max(BRIDGED_S, STEPS_BRIDGED * step)):
        linger = max(LINGER_S.get(path.kind, 0.0), STEPS_LINGERED * step)
        begin = bisect_left(times, path.sights[0].time_s - linger)
        for place in range(begin, bisect_right(times, path.last.time_s + linger)):
            held[place] += within(Area(path.kind, path.at(times[place])), source)
    return [tuple(areas) for areas in held]


def link(boxes: ClipBoxes, bridged_s: float) -> list[Path]:
    """The ways of all areas: each goes on with the nearest one that is found within `bridged_s`."""
    paths: list[Path] = []
    live: list[Path] = []
    for frame in boxes.seen():
        live = [path for path in live if frame.time_s - path.last.time_s <= bridged_s]
        found: dict[Hidden, list[Sight]] = {}
        for box in frame.boxes:
            for area in areas(box):
                sight = Sight(frame.time_s, area.corners, area.kind == "face" or boxes.counts(box))
                found.setdefault(area.kind, []).append(sight)
        for kind, sights in found.items():
            born = _go_on([path for path in live if path.kind == kind], kind, sights)
            live += born
            paths += born
    return [path for path in paths if path.sure]


def _go_on(paths: Sequence[Path], kind: Hidden, found: Sequence[Sight]) -> list[Path]:
    """The nearest pairs first; what no path goes on with begins one."""
    pairs = sorted(
        (distance, row, column)
        for row, path in enumerate(paths)
        for column, sight in enumerate(found)
        if (distance := path.distance(sight)) < math.inf
    )
    taken: dict[int, int] = {}
    for _, row, column in pairs:
        if column not in taken and row not in taken.values():
            taken[column] = row
    for column, row in taken.items():
        paths[row].add(found[column])
    return [Path(kind, sight) for column, sight in enumerate(found) if column not in taken]


def _beyond(sights: Sequence[Sight], time_s: float) -> Corners:
    """Before the first of the sights, or with them reversed after the last: where it stood and where it was going."""
    nearest = sights[0]
    away = time_s - nearest.time_s
    moved = _moved(nearest.corners, _speed(sights), away)
    return grown(hull(nearest.corners, moved), GROWTH_A_SECOND * abs(away))


def _speed(sights: Sequence[Sight]) -> tuple[float, float]:
    """Pixels a second near the first of the sights, in either direction of time; none where it was seen once."""
    first = sights[0]
    within_window = [sight for sight in sights[:32] if abs(sight.time_s - first.time_s) <= SPEED_WINDOW_S]
    other = within_window[-1] if len(within_window) > 1 else sights[min(1, len(sights) - 1)]
    took = other.time_s - first.time_s
    if took == 0:
        return (0.0, 0.0)
    (x1, y1), (x2, y2) = _centre(first.corners), _centre(other.corners)
    limit = SPEED_MAX * _size(first.corners)
    across, down = (x2 - x1) / took, (y2 - y1) / took
    slower = min(1.0, limit / max(math.hypot(across, down), 1e-9))
    return (across * slower, down * slower)


def _moved(corners: Corners, speed: tuple[float, float], seconds: float) -> Corners:
    across, down = speed[0] * seconds, speed[1] * seconds
    return (corners[0] + across, corners[1] + down, corners[2] + across, corners[3] + down)


def _centre(corners: Corners) -> tuple[float, float]:
    return ((corners[0] + corners[2]) / 2, (corners[1] + corners[3]) / 2)


def _size(corners: Corners) -> float:
    return math.sqrt(max(1.0, (corners[2] - corners[0]) * (corners[3] - corners[1])))


def _step(seen: Sequence[FrameBoxes]) -> float:
    gaps = [after.time_s - before.time_s for before, after in pairwise(seen)]
    return median(gaps) if gaps else 0.0
