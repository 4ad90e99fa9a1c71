"""The trail of where a thing stood of late, and how fast it goes by it."""

import math
from collections.abc import Sequence

from civicam.contracts.geometry import Point
from civicam.vision.ground import Ground

TRAIL_MS = 2100
"""How far back a trail goes: two samples at one frame a second, as the tracker looks for what it lost."""
APART_MS = 150
"""Steps closer than this show the same noise: they are left out, so a trail has at most fifteen."""
SPAN_MIN_MS = 400
"""No speed is told from less: the boxes' trembling, some pixels, would be most of it."""

Step = tuple[int, float, float]
"""Capture time in ms since 1970, and the foot in pixels."""
Trail = tuple[Step, ...]


def lengthened(trail: Trail, at_ms: int, foot: Point | None) -> Trail:
    """The trail after one more look; None for a foot that is out of sight, cut off by the picture's edge."""
    recent = tuple(step for step in trail if at_ms - step[0] <= TRAIL_MS)
    if foot is None or (recent and at_ms - recent[-1][0] < APART_MS):
        return recent
    return (*recent, (at_ms, round(foot[0], 3), round(foot[1], 3)))


def is_told_by(trail: Trail) -> bool:
    """Whether the trail is long enough to say how fast something goes."""
    return len(trail) > 1 and trail[-1][0] - trail[0][0] >= SPAN_MIN_MS


def metres_per_second(trail: Trail, ground: Ground) -> float | None:
    """Its speed over the ground; None where the trail is too short, or leaves the ground plane's surroundings."""
    places = [(at_ms, *place) for at_ms, x, y in trail if (place := ground.metres((x, y))) is not None]
    return _pace(places)


def pixels_per_second(trail: Trail) -> float | None:
    """Its speed across the picture; None where the trail is too short."""
    return _pace(trail)


def _pace(steps: Sequence[Step]) -> float | None:
    """The slope of the straight line through the steps that has the least squares, in units a second."""
    if len(steps) < 2 or steps[-1][0] - steps[0][0] < SPAN_MIN_MS:
        return None
    seconds = [(at_ms - steps[0][0]) / 1000 for at_ms, _, _ in steps]
    middle = math.fsum(seconds) / len(steps)
    spread = math.fsum((second - middle) ** 2 for second in seconds)
    across, down = (
        math.fsum((second - middle) * step[axis] for second, step in zip(seconds, steps, strict=True)) / spread
        for axis in (1, 2)
    )
    return math.hypot(across, down)
