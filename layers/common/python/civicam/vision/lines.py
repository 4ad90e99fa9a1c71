"""Directed lines and the paths that pass them: once, in the direction they really went, between the line's ends."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from civicam.contracts.geometry import Line, Point
from civicam.contracts.vision import Direction


@dataclass(frozen=True, slots=True)
class Passage:
    """What is remembered of one path at one line."""

    side: Literal[-1, 0, 1] = 0
    """The side on which the path was last seen clear of the line; 0 before it was."""
    passed_at: float | None = None
    """Where on the line, from 0 (A) to 1 (B), the path went over since then; outside 0..1 it went past an end."""
    crossed: tuple[Direction, ...] = ()
    """Directions in which it crossed, each once."""


def follow(passage: Passage, line: Line, before: Point | None, now: Point, clear: float) -> Passage:
    """The memory after the path went on from `before` to `now`.

    Only what is at least `clear` pixels from the line counts as being on a side, so that trembling on the line is no
    crossing. A line without length is never crossed.
    """
    away = distance(line, now)
    if away is None:
        return passage
    came = None if before is None else distance(line, before)
    if before is not None and came is not None and (came < 0) != (away < 0):
        passage = replace(passage, passed_at=_along(line, before, now, came / (came - away)))
    if abs(away) < clear:
        return passage
    side: Literal[-1, 1] = 1 if away > 0 else -1
    crossed = passage.crossed
    if passage.side == -side and passage.passed_at is not None and 0 <= passage.passed_at <= 1:
        direction: Direction = "forward" if side > 0 else "backward"
        crossed = crossed if direction in crossed else (*crossed, direction)
    return Passage(side, None, crossed)


def distance(line: Line, point: Point) -> float | None:
    """Pixels from the line through A and B, positive where cross(B-A, P-A) > 0; None where A is B."""
    (ax, ay), (bx, by) = line.points
    length = math.hypot(bx - ax, by - ay)
    if length == 0:
        return None
    return ((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax)) / length


def _along(line: Line, before: Point, now: Point, share: float) -> float:
    """Where the step passes the line: 0 at A, 1 at B."""
    (ax, ay), (bx, by) = line.points
    x, y = before[0] + share * (now[0] - before[0]), before[1] + share * (now[1] - before[1])
    return ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)


def is_inside(polygon: tuple[Point, ...], point: Point) -> bool:
    """Whether the point lies in the polygon (even-odd rule)."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside
