"""Which cameras are analysed: why, what bounds it, who asked for one, and the fact that it changed."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from civicam.contracts.base import Body, Document, Moment
from civicam.contracts.facts import Fact
from civicam.contracts.ids import CameraId


class Why(StrEnum):
    """Why a camera is analysed, or is not."""

    PROMISED = "promised"
    REQUESTED = "requested"
    OCCASION = "occasion"
    RANK = "rank"  # by its priority and the risk of its place
    BLIND = "blind"  # nothing could be seen, and those who see have all places
    CAPACITY = "capacity"  # others go before it
    BUDGET = "budget"  # it costs more than is left


class Verdict(Document):
    """Whether one camera is analysed, why, since when, and with how many points."""

    analysed: bool
    why: Why
    points: int = 0
    since: Moment


class Request(Body):
    """An operator's wish that a camera be analysed, which ends."""

    until: Moment
    by: str = Field(min_length=1, max_length=200)
    """Subject of the token of whoever asked, never a name; `command-line` where it was asked there."""


class Budget(Body):
    """What may be analysed at one time."""

    cameras: int = Field(ge=0)
    usd_per_hour: float | None = Field(default=None, ge=0)


class CameraAllocationChanged(Fact):
    """A camera is analysed from now on, or no more."""

    TYPE: ClassVar[str] = "cameras.allocation.changed.v1"

    camera_id: CameraId
    since: Moment
    version: int = Field(ge=1)
    """Of the allocation that says so, counted from 1."""
    analysed: bool
    why: Why
    points: int
