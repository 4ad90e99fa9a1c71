"""Where each track has been lately: a few steps, where it stands since when, and where it was first."""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from civicam.contracts.vision import Box

STEP_MS = 400
"""Steps are kept this far apart: at a detector's noise of 0.06 sizes (`vision.motion`) a speed is then right to 0.2
sizes a second."""
KEPT_MS = 3200
"""How far back they go."""
STILL_SIZES, STILL_PX = 0.3, 3.0
"""What stays within this of a place stands there: five times a detector's noise."""


class Step(NamedTuple):
    """A foot in pixels at a moment, and the object's size: the root of its box's area."""

    at_ms: int
    x: float
    y: float
    size: float

    @classmethod
    def of(cls, box: Box, at_ms: int) -> "Step":
        """The middle of the box's lower edge, in tenths of a pixel."""
        x1, y1, x2, y2 = box.xyxy
        return cls(at_ms, round((x1 + x2) / 2, 1), round(y2, 1), round(math.sqrt((x2 - x1) * (y2 - y1)), 1))

    @property
    def place(self) -> tuple[float, float]:
        """Pixels of the source."""
        return self.x, self.y

    def sizes_from(self, other: "Step") -> float:
        """The way from another step, in its own sizes."""
        return math.dist(self.place, other.place) / max(1.0, self.size)


@dataclass(frozen=True, slots=True)
class Path:
    """One track's way."""

    first: Step
    stands: Step
    """The first step at the place where it still is."""
    steps: tuple[Step, ...]
    """Oldest first, STEP_MS apart or more."""

    @classmethod
    def begun(cls, step: Step) -> "Path":
        """The path of what is seen for the first time."""
        return cls(first=step, stands=step, steps=(step,))

    def on(self, step: Step) -> "Path":
        """The path after the next sighting."""
        steps = tuple(one for one in self.steps if step.at_ms - one.at_ms <= KEPT_MS)
        if not steps or step.at_ms - steps[-1].at_ms >= STEP_MS:
            steps = (*steps, step)
        still = math.dist(step.place, self.stands.place) <= max(STILL_PX, STILL_SIZES * step.size)
        return replace(self, steps=steps, stands=self.stands if still else step)
