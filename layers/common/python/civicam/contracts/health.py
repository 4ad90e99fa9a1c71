"""How a camera is: whether it sees, why not, and since when; and how well one clip was looked at."""

from typing import ClassVar, Literal

from pydantic import Field

from civicam.contracts.base import Document, Moment
from civicam.contracts.facts import Fact
from civicam.contracts.ids import CameraId

HealthState = Literal["healthy", "degraded", "blind", "dead", "unknown"]
"""It sees; it sees, but; footage comes that shows nothing; nothing comes; nobody can tell yet."""
HealthReason = Literal[
    "silent",
    "frozen",
    "black",
    "covered",
    "unusable",
    "overexposed",
    "blurred",
    "moved",
    "clock_drift",
    "bitrate",
    "gaps",
]
"""What is wrong, the gravest first. `unusable`: its footage goes to quarantine, clip after clip."""
DEADLY: frozenset[HealthReason] = frozenset({"silent"})
BLINDING: frozenset[HealthReason] = frozenset({"frozen", "black", "covered", "unusable"})


class CameraHealthChanged(Fact):
    """A camera sees, or does not, otherwise than before."""

    TYPE: ClassVar[str] = "cameras.health.changed.v1"

    camera_id: CameraId
    since: Moment
    """When the city found it so."""
    number: int = Field(ge=1)
    """Of the camera's changes, counted from 1."""
    state: HealthState
    reasons: tuple[HealthReason, ...] = ()
    state_before: HealthState
    reasons_before: tuple[HealthReason, ...] = ()
    since_before: Moment
    last_seen: Moment | None = None
    """When the newest picture was taken that the city has of it; null where it never had one."""


class Looked(Document):
    """How well one clip was looked at: what coverage and health are made from."""

    coverage: float = Field(ge=0, le=1)
    """Share of its seconds that frames speak for."""
    sampling_fps: float = Field(gt=0)
    asked_fps: float | None = None
    """The profile's rate, where the clip was sampled at less because too much waited."""
    conditions: tuple[str, ...] = ()
