"""One vehicle's way: where it was, which lines it crossed and when, how fast it goes, and since when it stands."""

from dataclasses import dataclass, replace

from pydantic import Field

from civicam.contracts.base import Body
from civicam.contracts.geometry import Line, Point
from civicam.contracts.vision import Box, Direction
from civicam.vision.analytic import foot, size
from civicam.vision.ground import Ground
from civicam.vision.lines import Passage, distance, follow
from civicam.vision.tracks import Sighting
from civicam.vision.trails import Trail, lengthened, metres_per_second, pixels_per_second

EDGE_SHARE = 0.02
"""A box this near to the picture's edge, as a share of the width, is cut off by it: nobody knows where its foot is.
Detectors end such boxes up to some pixels before the edge."""


class WayParameters(Body):
    """How a vehicle's way is read."""

    clear_sizes: float = Field(default=0.15, ge=0)
    """How far from a line a vehicle must be to be on one of its sides, in sizes (root of the box's area)..."""
    clear_px: float = Field(default=2.0, ge=0)
    """... and in pixels at least."""
    standing_kmh: float = Field(default=5.0, ge=0)
    """Below this a vehicle begins to stand (PTV Vissim's queue counters, as delivered)..."""
    moving_kmh: float = Field(default=10.0, ge=0)
    """... and above this it ends."""
    standing_sizes_s: float = Field(default=0.3, ge=0)
    """The same without a ground plane, in sizes a second: a car's box is some 4 m wide."""
    moving_sizes_s: float = Field(default=0.6, ge=0)


@dataclass(frozen=True, slots=True)
class Scene:
    """What ways are read in: the lines, the ground if it is known, the picture's size, and the parameters."""

    lines: tuple[Line, ...]
    ground: Ground | None
    picture: tuple[int, int]
    parameters: WayParameters


@dataclass(frozen=True, slots=True)
class Way:
    """One vehicle's way so far."""

    at: Point
    at_ms: int
    passages: tuple[Passage, ...]
    """What is remembered of it at each line..."""
    over_ms: tuple[int | None, ...]
    """... and when it last went over it."""
    trail: Trail = ()
    speed_kmh: float | None = None
    """How fast it went of late; None without a ground plane, and where it was seen too little."""
    standing_ms: int | None = None
    """Since when it stands; None while it goes."""

    def crossed_since(self, before: "Way | None") -> list[tuple[int, Direction]]:
        """Number of the line, and direction, of each crossing that `before` did not know of."""
        known = before.passages if before else (Passage(),) * len(self.passages)
        return [
            (number, direction)
            for number, (earlier, passage) in enumerate(zip(known, self.passages, strict=True))
            for direction in passage.crossed
            if direction not in earlier.crossed
        ]


def goes_on(before: Way | None, sighting: Sighting, at_ms: int, scene: Scene) -> Way:
    """The way after one more sighting."""
    now, scale = foot(sighting.box), size(sighting.box)
    clear = max(scene.parameters.clear_px, scene.parameters.clear_sizes * scale)
    known = before or Way(now, at_ms, (Passage(),) * len(scene.lines), (None,) * len(scene.lines))
    came = before.at if before else None
    over = zip(scene.lines, known.over_ms, strict=True)
    passages = zip(scene.lines, known.passages, strict=True)
    trail = lengthened(known.trail, at_ms, None if _is_cut_off(sighting.box, scene.picture) else now)
    metres = metres_per_second(trail, scene.ground) if scene.ground else None
    way = Way(
        at=now,
        at_ms=at_ms,
        passages=tuple(follow(passage, line, came, now, clear) for line, passage in passages),
        over_ms=tuple(_over(line, known, now, at_ms) or earlier for line, earlier in over),
        trail=trail,
        speed_kmh=None if metres is None else 3.6 * metres,
        standing_ms=known.standing_ms,
    )
    return replace(way, standing_ms=_standing(way, scale, scene))


def _over(line: Line, before: Way, now: Point, at_ms: int) -> int | None:
    """When the step went over the line, or past its ends; None where it did not."""
    came, away = distance(line, before.at), distance(line, now)
    if came is None or away is None or (came < 0) == (away < 0):
        return None
    return before.at_ms + round((at_ms - before.at_ms) * came / (came - away))


def _standing(way: Way, scale: float, scene: Scene) -> int | None:
    """Since when it stands, with what it was before deciding between the two speeds; None where nobody knows."""
    parameters, kmh = scene.parameters, way.speed_kmh
    begins, ends = parameters.standing_kmh, parameters.moving_kmh
    if kmh is None:
        pixels = pixels_per_second(way.trail)
        kmh = None if pixels is None else pixels / scale
        begins, ends = parameters.standing_sizes_s, parameters.moving_sizes_s
    if kmh is None or kmh > ends:
        return None
    return way.trail[0][0] if way.standing_ms is None and kmh < begins else way.standing_ms


def _is_cut_off(box: Box, picture: tuple[int, int]) -> bool:
    x1, _, x2, y2 = box.xyxy
    edge = EDGE_SHARE * picture[0]
    return x1 <= edge or x2 >= picture[0] - edge or y2 >= picture[1] - edge
