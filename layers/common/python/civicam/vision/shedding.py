"""Sampling less when too much waits: a lower rate for a clip that waited long, by its camera's priority."""

import math
from typing import Literal

from pydantic import Field

from civicam.contracts.base import Body

Priority = Literal["low", "normal", "high"]


class SheddingSettings(Body):
    """How long a clip may have waited before its rate gives way."""

    shares: tuple[float, ...] = Field(default=(1.0, 0.5, 0.25, 0.0), min_length=1)
    """Of the rate, step by step; 0 is one frame a clip, which says what was there: no clip goes without its facts."""
    first_wait_s: dict[Priority, float] = Field(default={"low": 3.0, "normal": 6.0, "high": 12.0})
    """From which wait on the first step holds; each further one holds from twice the wait. An alert is promised 5 s
    after its footage (p99), so what waited longer is late as it is. Each priority gives way when the one below gives
    way once more: a backlog is worked off from the bottom."""


SHEDDING = SheddingSettings()


def shed_fps(
    asked_fps: float, length_s: float, waited_s: float, priority: Priority, settings: SheddingSettings = SHEDDING
) -> float:
    """The rate for a clip that waited so long in the queue: `asked_fps`, or a step of it, at least a frame a clip.

    Only its own wait counts, so there is no memory that two tries at one clip would have to agree on.
    """
    doubled = math.log2(max(waited_s, 0.001) / settings.first_wait_s[priority])
    step = max(0, math.floor(doubled) + 1)
    share = settings.shares[min(step, len(settings.shares) - 1)]
    return min(asked_fps, max(share * asked_fps, 1 / length_s))
