"""A camera's profile at the city's door: what means nothing in it is refused, with the remedy."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import combinations

from civicam.contracts.cameras import Profile
from civicam.contracts.errors import Rejected
from civicam.contracts.geometry import GroundPlane, Line, Point, Zone
from civicam.vision.analytics import ANALYTICS
from civicam.vision.ground import ground_of, signed_area
from civicam.vision.outline import NUMBERS

LENGTH_MIN_PX = 2.0
AREA_MIN_PX = 4.0
GROUND_METRES = (1.0, 10_000.0)
"""The least and the largest distance between two of the ground plane's points: degrees, or millimetres, are neither."""


def admit_profile(profile: Profile) -> None:
    """Pass a profile that can be judged by; raises Rejected (`bad_profile`) with every complaint and its remedy."""
    complaints = tuple(_complaints(profile))
    if complaints:
        raise Rejected("bad_profile", "; ".join(complaints))


def _complaints(profile: Profile) -> Iterator[str]:
    known = {analytic.name: analytic for analytic in ANALYTICS}
    unknown = sorted({*profile.analytics, *profile.parameters} - set(known))
    if unknown:
        yield f"{', '.join(unknown)} is no analytic: there are {', '.join(known)}"
    for name in sorted(set(known) & set(profile.parameters)):
        yield from _refusal(partial(known[name].parameters_at, profile))
    if profile.picture and min(profile.picture) <= 0:
        yield f"picture {_size(profile.picture)} has no area: give the width and height that the drawings are made in"
    if profile.view and len(profile.view) != NUMBERS:
        yield f"view has {len(profile.view)} numbers instead of {NUMBERS}: copy an analysis' `sampled.outline`"
    yield from _repeated("line", [line.line_id for line in profile.lines])
    yield from _repeated("zone", [zone.zone_id for zone in profile.zones])
    for line in profile.lines:
        yield from _of_line(line, profile.picture)
    for zone in profile.zones:
        yield from _of_zone(zone, profile.picture)
    if profile.ground:
        yield from _of_ground(profile.ground)


def _of_line(line: Line, picture: tuple[int, int] | None) -> Iterator[str]:
    name = f"line {line.line_id}"
    yield from _outside(name, line.points, picture)
    if math.dist(*line.points) < LENGTH_MIN_PX:
        yield f"{name} has no length: give two points that lie apart"


def _of_zone(zone: Zone, picture: tuple[int, int] | None) -> Iterator[str]:
    name = f"zone {zone.zone_id}"
    yield from _outside(name, zone.polygon, picture)
    corners = _corners(zone.polygon)
    if _crosses_itself(corners):
        yield f"{name} crosses itself: give its corners in the order in which one walks round it"
    elif abs(signed_area(corners)) < AREA_MIN_PX:
        yield f"{name} has no area: give at least three corners that do not lie on one line"
    if zone.heading and math.dist(*zone.heading) < LENGTH_MIN_PX:
        yield f"{name} has a heading of no length: give two points that lie apart, or none where traffic goes both ways"
    for hours in zone.closed:
        if hours.start == hours.end:
            yield f"{name} is closed from {hours.start} to {hours.end}, which is no time: give two that differ"


def _of_ground(plane: GroundPlane) -> Iterator[str]:
    yield from _refusal(partial(ground_of, plane))
    apart = max(math.dist(one, other) for one, other in combinations(plane.metres, 2))
    if not GROUND_METRES[0] <= apart <= GROUND_METRES[1]:
        yield (
            f"the ground plane's points lie {apart:g} m apart at most: give them in metres (not in degrees), "
            f"between {GROUND_METRES[0]:g} and {GROUND_METRES[1]:g} m apart"
        )


def _outside(name: str, points: Iterable[Point], picture: tuple[int, int] | None) -> Iterator[str]:
    """Without the picture's size only what lies above or left of every picture is known to be outside."""
    width, height = picture or (math.inf, math.inf)
    out = [f"[{x:g}, {y:g}]" for x, y in points if not (0 <= x <= width and 0 <= y <= height)]
    if out:
        inside = f"the picture, {_size(picture)}" if picture else "any picture"
        yield f"{name} has {', '.join(out)} outside {inside}: draw it inside, or give the `picture` it was drawn in"


def _repeated(kind: str, names: Sequence[str]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"there are {times} {kind}s {name}: give each a name of its own"


def _corners(polygon: Sequence[Point]) -> tuple[Point, ...]:
    """The polygon without corners that repeat the one before: closed rings end where they began."""
    before = (*polygon[-1:], *polygon[:-1])
    return tuple(corner for corner, last in zip(polygon, before, strict=True) if corner != last)


def _crosses_itself(corners: Sequence[Point]) -> bool:
    edges = list(zip(corners, (*corners[1:], *corners[:1]), strict=True))
    return any(_cross(*one, *other) for one, other in combinations(edges, 2))


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the stretches AB and CD pass through each other: each has its ends on two sides of the other."""
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: Point, b: Point, c: Point) -> float:
    """1 or -1 for a turn to one side or the other, 0 for three points on a line."""
    area = signed_area((a, b, c))
    return float((area > 0) - (area < 0))


def _refusal(attempt: Callable[[], object]) -> Iterator[str]:
    try:
        attempt()
    except Rejected as refusal:
        yield str(refusal)


def _size(picture: tuple[int, int]) -> str:
    return f"{picture[0]} x {picture[1]}"
