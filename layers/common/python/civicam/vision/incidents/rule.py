"""What an incident rule is: what it needs, what it goes by, and the pure look at one moment that gives signs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import Field

from civicam.contracts.base import Body
from civicam.contracts.incidents import IncidentName
from civicam.vision.incidents.scene import Scene


class RuleParameters(Body):
    """How long signs must last before an incident is announced, and be absent before it is over. All rules have these.

    Nothing is announced from one frame: `frames_min` cannot be less than three.
    """

    hold_s: float = Field(ge=0, le=3600)
    """How long there must be signs before it is announced."""
    frames_min: int = Field(default=3, ge=3)
    """... and in how many frames."""
    share_min: float = Field(default=0.7, ge=0, le=1)
    """... and in what share of the frames in that time: a box is missed now and then."""
    release_s: float = Field(gt=0, le=3600)
    """How long there must be no sign before it is over."""
    cooldown_s: float = Field(default=60.0, ge=0, le=86_400)
    """How long after its end the same thing is not announced again."""
    confidence_min: float = Field(default=0.4, ge=0, le=1)
    """What is less certain is not announced: the mean of the signs' scores, times how well one could see."""


class Spot(NamedTuple):
    """Where something stands: a foot in pixels, and its size."""

    x: float
    y: float
    size_px: float


@dataclass(frozen=True, kw_only=True)
class Sign:
    """What one moment says for an incident."""

    subject: str
    """What it is about: signs of one subject are one incident."""
    score: float
    """How certain it is, 0..1."""
    strong: bool = True
    """Whether it counts towards an announcement; a weak one only keeps alive what was announced (hysteresis)."""
    zone_id: str | None = None
    track_ids: tuple[str, ...] = ()
    spot: Spot | None = None
    """Where it is, for what may change its track: a sign at the spot of an incident is about that incident."""
    hold_s: float | None = None
    """Another time than the rule's `hold_s`, where it depends on the place or the thing."""
    measures: dict[str, float] = field(default_factory=dict)


Look = Callable[[Scene, Any, frozenset[str]], Iterable[Sign]]
"""A moment, the rule's parameters, and the subjects that signs were seen of before -> the signs in it."""


@dataclass(frozen=True, kw_only=True)
class IncidentRule:
    """One kind of incident, and how it is suspected."""

    name: IncidentName
    lowest_fps: float
    """Below this sampling rate it is silent."""
    parameters: RuleParameters
    look: Look
