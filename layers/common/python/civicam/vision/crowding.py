"""A crowd in a zone: how dense it is, who walks in and out, and whether it gathers or goes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from civicam.contracts.base import Body
from civicam.contracts.geometry import Point
from civicam.contracts.vision import ServiceLevel, Trend
from civicam.vision.held import Look
from civicam.vision.lines import is_inside

WALKWAY_M2: tuple[tuple[float, ServiceLevel], ...] = ((3.25, "A"), (2.32, "B"), (1.39, "C"), (0.93, "D"), (0.46, "E"))
"""Square metres a person above which a level begins, on walkways: 35, 25, 15, 10 and 5 square feet (Fruin 1971)..."""
QUEUEING_M2: tuple[tuple[float, ServiceLevel], ...] = ((1.21, "A"), (0.93, "B"), (0.65, "C"), (0.28, "D"), (0.19, "E"))
"""... and where people wait: 13, 10, 7, 3 and 2 square feet. Below them all is F."""
SLOT_MS = 10_000
"""A trend is read from means over slots of ten seconds of absolute time: where footage is cut changes none of them."""
SLOTS = 12
RECENT = 3
"""How many of the SLOTS, two minutes, are what the others are compared with."""


class TrendParameters(Body):
    """When a crowd is said to gather or to go. There is no published threshold: these are the house's own."""

    forming_people: float = Field(default=5.0, gt=0)
    """By how many people, on average, the last half minute must differ from the minute and a half before it..."""
    forming_share: float = Field(default=0.3, gt=0)
    """... and by what share of them. It is steady again when it differs by less than half of that."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One person and one zone: on which side of its border they were last clear of it, and how often they passed it."""

    side: Literal[-1, 0, 1] = 0
    entered: int = 0
    left: int = 0

    def seen(self, polygon: tuple[Point, ...], foot: Point, clear: float) -> "Visit":
        """The visit after one more look. Whoever is nearer than `clear` to the border, in pixels, has not passed it."""
        side: Literal[-1, 1] = 1 if is_inside(polygon, foot) else -1
        if side == self.side or border_distance(polygon, foot) < clear:
            return self
        if self.side == 0:
            return replace(self, side=side)
        return Visit(side, self.entered + (side == 1), self.left + (side == -1))


@dataclass(frozen=True, slots=True)
class Slot:
    """The looks of ten seconds."""

    number: int
    people: int
    looks: int


@dataclass(frozen=True, slots=True)
class Gathering:
    """What is remembered of a zone's crowd."""

    slots: tuple[Slot, ...] = ()
    trend: Trend | None = None
    last_ms: int = 0

    def seen(self, looks: Iterable[Look], parameters: TrendParameters) -> "Gathering":
        """What is remembered after these looks; those that it knows already are left out."""
        known = self
        for at_ms, people in looks:
            if at_ms > known.last_ms:
                known = known._one(at_ms, people, parameters)
        return known

    def _one(self, at_ms: int, people: int, parameters: TrendParameters) -> "Gathering":
        number = at_ms // SLOT_MS
        if self.slots and self.slots[-1].number == number:
            last = self.slots[-1]
            slots = (*self.slots[:-1], Slot(number, last.people + people, last.looks + 1))
            return replace(self, slots=slots, last_ms=at_ms)
        slots = tuple(slot for slot in self.slots if slot.number > number - SLOTS)
        return Gathering((*slots, Slot(number, people, 1)), trend(self.trend, slots, number, parameters), at_ms)


def trend(before: Trend | None, slots: Sequence[Slot], number: int, parameters: TrendParameters) -> Trend | None:
    """What the closed slots say when slot `number` begins; None until there are as many earlier as recent ones."""
    recent = [slot for slot in slots if slot.number >= number - RECENT]
    earlier = [slot for slot in slots if slot.number < number - RECENT]
    if not recent or len(earlier) < RECENT:
        return None
    usual = _mean(earlier)
    change, enough = _mean(recent) - usual, max(parameters.forming_people, parameters.forming_share * usual)
    if abs(change) >= enough:
        return "forming" if change > 0 else "dispersing"
    if abs(change) < enough / 2 or before == ("dispersing" if change > 0 else "forming"):
        return "steady"
    return before or "steady"


def level(m2_a_person: float, table: Sequence[tuple[float, ServiceLevel]]) -> ServiceLevel:
    """Fruin's level at so much space."""
    return next((name for least, name in table if m2_a_person > least), "F")


def border_distance(polygon: Sequence[Point], point: Point) -> float:
    """Pixels from the point to the nearest place on the polygon's border."""
    return min(_to_stretch(point, a, b) for a, b in zip(polygon, (*polygon[1:], polygon[0]), strict=True))


def _to_stretch(point: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length2 = dx * dx + dy * dy
    along = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length2 if length2 else 0.0
    share = min(1.0, max(0.0, along))
    return math.dist(point, (a[0] + share * dx, a[1] + share * dy))


def _mean(slots: Sequence[Slot]) -> float:
    return sum(slot.people for slot in slots) / sum(slot.looks for slot in slots)
