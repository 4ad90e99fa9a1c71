"""One moment as incident rules see it: things on established tracks, how fast they are and were, zones and ground."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from civicam.contracts.geometry import Point, Use, Zone
from civicam.contracts.vision import Box
from civicam.vision.ground import Ground
from civicam.vision.incidents.paths import STEP_MS, Path, Step
from civicam.vision.lines import is_inside
from civicam.vision.tracks import Kind

SIZE_M: dict[str, float] = {
    "person": 0.9,
    "bicycle": 1.3,
    "motorcycle": 1.3,
    "two_wheeler": 1.3,
    "car": 2.4,
    "truck": 3.3,
    "bus": 4.5,
}
"""The root of a box's area in metres, between front and side view: a person 0.5 x 1.7, a motorcycle with its rider
0.8 x 1.7 to 1.9 x 1.7, a car 1.8 x 1.5 to 4.4 x 1.5. It stands in for the ground plane where a camera has none, and is
right to a third across the picture; along the line of sight ways look shorter than they are."""
WITHOUT_GROUND = 0.8
"""What a measure in metres is worth without a ground plane."""
BORDER_PX = 2.0


class Leg(NamedTuple):
    """A stretch of a way: seconds, and metres in two directions."""

    seconds: float
    dx: float
    dy: float

    @property
    def speed_mps(self) -> float:
        """Metres a second."""
        return math.hypot(self.dx, self.dy) / self.seconds


@dataclass(frozen=True)
class Thing:
    """One thing on an established track, at this moment."""

    track_id: str
    kind: Kind
    label: str
    box: Box
    score: float
    """How certain it is in this frame, 0..1: a box that only just counts is as likely as not."""
    now: Step
    path: Path
    whole: bool
    """Whether none of it is cut off by the picture's border."""
    legs: tuple[Leg, ...]
    """Its way up to now, the newest stretch first; empty where it is too new, or off the ground that is known."""

    @property
    def stood_s(self) -> float:
        """How long it has been standing where it is."""
        return (self.now.at_ms - self.path.stands.at_ms) / 1000

    @property
    def came(self) -> bool:
        """Whether it was seen to come to where it is."""
        return self.now.sizes_from(self.path.first) >= 1

    @property
    def speed_mps(self) -> float | None:
        """Over the last second or so."""
        recent = self.legs[:2]
        seconds = sum(leg.seconds for leg in recent)
        return sum(leg.speed_mps * leg.seconds for leg in recent) / seconds if recent else None


@dataclass(frozen=True)
class Scene:
    """What is to be seen at one moment."""

    at_ms: int
    at: datetime
    things: tuple[Thing, ...]
    zones: tuple[Zone, ...]
    ground: Ground | None

    @cached_property
    def people(self) -> tuple[Thing, ...]:
        """The people."""
        return tuple(thing for thing in self.things if thing.kind == "person")

    @cached_property
    def vehicles(self) -> tuple[Thing, ...]:
        """The vehicles."""
        return tuple(thing for thing in self.things if thing.kind == "vehicle")

    def zones_for(self, *uses: Use) -> Iterator[Zone]:
        """The zones of these uses."""
        return (zone for zone in self.zones if zone.use in uses)

    def lies_in(self, thing: Thing, *uses: Use) -> bool:
        """Whether it stands in any zone of these uses."""
        return any(is_inside(zone.polygon, thing.now.place) for zone in self.zones_for(*uses))

    def sure(self, score: float) -> float:
        """The score of a measure in metres."""
        return score if self.ground else WITHOUT_GROUND * score

    def way(self, start: Point, end: Point) -> Point | None:
        """A way in the picture on the axes that `legs` go by, whatever its length; None off the known ground."""
        if self.ground is None:
            return end[0] - start[0], end[1] - start[1]
        here, there = self.ground.metres(start), self.ground.metres(end)
        return (there[0] - here[0], there[1] - here[1]) if here and there else None

    def metres_between(self, one: Thing, other: Thing) -> float | None:
        """How far apart two things stand; None off the known ground."""
        way = self.way(one.now.place, other.now.place)
        if way is None:
            return None
        scale = (
            1.0 if self.ground else min(metres_a_pixel(one.path, one.label), metres_a_pixel(other.path, other.label))
        )
        return scale * math.hypot(*way)


def inside(zone: Zone, things: tuple[Thing, ...]) -> list[Thing]:
    """Those of the things that stand in the zone."""
    return [thing for thing in things if is_inside(zone.polygon, thing.now.place)]


def metres_a_pixel(path: Path, label: str) -> float:
    """By what its kind usually measures."""
    return SIZE_M[label] / max(1.0, median(step.size for step in path.steps))


def legs_of(path: Path, now: Step, label: str, ground: Ground | None) -> tuple[Leg, ...]:
    """The way up to now, the newest stretch first, each STEP_MS long or longer."""
    points = [now, *(step for step in reversed(path.steps) if now.at_ms - step.at_ms >= STEP_MS)]
    if ground is None:
        scale = metres_a_pixel(path, label)
        places: list[Point | None] = [(scale * step.x, scale * step.y) for step in points]
    else:
        places = [ground.metres(step.place) for step in points]
    legs = []
    for (newer, there), (older, here) in pairwise(zip(points, places, strict=True)):
        if there is None or here is None:
            break
        legs.append(Leg((newer.at_ms - older.at_ms) / 1000, there[0] - here[0], there[1] - here[1]))
    return tuple(legs)


def certainty(score: float, threshold: float) -> float:
    """A detector's score as odds against its own threshold: detectors differ in what their scores mean, and in that."""
    share, least = min(0.99, max(0.01, score)), min(0.99, max(0.01, threshold))
    return round(share * (1 - least) / (share * (1 - least) + least * (1 - share)), 4)


def is_whole(box: Box, width: int, height: int) -> bool:
    """Whether no border of the picture cuts the box off."""
    x1, y1, x2, y2 = box.xyxy
    return x1 > BORDER_PX and y1 > BORDER_PX and x2 < width - BORDER_PX and y2 < height - BORDER_PX
