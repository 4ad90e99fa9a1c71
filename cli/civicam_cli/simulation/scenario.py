"""What a simulated fleet is: cameras of several kinds, and which of them fail how and when, all by one seed."""

import random
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from civicam.contracts.base import Body
from civicam.contracts.errors import Rejected

Kind = Literal["clip", "picture", "push"]
FaultKind = Literal["outage", "freeze", "slow", "clock", "burst"]
CLIP_SECONDS, PICTURE_SECONDS = 30, 12
"""Length of a clip, and its source's interval; and between two pictures, as the city's own public cameras have it."""
ANALYSED_KINDS: tuple[Kind, ...] = ("clip", "clip", "clip", "picture", "push")
WATCHED_KINDS: tuple[Kind, ...] = ("clip", "picture")
"""Of cameras that are not analysed: their footage stays at the source, so none pushes any."""
FAULTS: dict[Kind, tuple[FaultKind, ...]] = {
    "clip": ("outage", "freeze", "slow", "clock"),
    "picture": ("outage", "freeze", "slow"),
    "push": ("burst",),
}
FAULTY_SHARE = 0.1
SLOW_SECONDS = 1.5
WRONG_CLOCK_HOURS = 3
"""Ahead: what the city refuses, with a fact that says so."""


class Fault(Body):
    """What is wrong with a camera, from so many seconds of the simulation to so many."""

    kind: FaultKind
    begin_s: float = Field(ge=0)
    end_s: float

    def holds(self, second: float) -> bool:
        """Whether it is so at that second of the simulation."""
        return self.begin_s <= second < self.end_s


class Simulated(Body):
    """One camera of the fleet."""

    number: int
    kind: Kind
    analysed: bool
    fault: Fault | None = None

    @property
    def name(self) -> str:
        """What its owner calls it, and where the farm serves it."""
        return f"camera-{self.number:05d}"

    @property
    def interval_seconds(self) -> int:
        """Between two clips or pictures."""
        return PICTURE_SECONDS if self.kind == "picture" else CLIP_SECONDS

    def fails(self, kind: FaultKind, second: float) -> bool:
        """Whether it fails in this way at that second."""
        return self.fault is not None and self.fault.kind == kind and self.fault.holds(second)


class Scenario(Body):
    """The fleet for a whole simulation."""

    cameras: tuple[Simulated, ...]
    seconds: int
    seed: int


def scenario(cameras: int, analysed: int, minutes: int, seed: int) -> Scenario:
    """The same fleet for the same numbers, on every machine; raises Rejected (`bad_scenario`)."""
    complaints = [*_complaints(cameras, analysed, minutes)]
    if complaints:
        raise Rejected("bad_scenario", "; ".join(complaints))
    chance = random.Random(seed)  # noqa: S311 - a simulation's, not a secret's
    seconds = 60 * minutes
    fleet = (_camera(number, number < analysed, seconds, chance) for number in range(cameras))
    return Scenario(cameras=tuple(fleet), seconds=seconds, seed=seed)


def _complaints(cameras: int, analysed: int, minutes: int) -> Iterator[str]:
    if not 1 <= cameras <= 99_999:
        yield f"--cameras {cameras}: simulate 1 to 99,999"
    if not 0 <= analysed <= cameras:
        yield f"--analysed {analysed}: of {cameras} cameras 0 to {cameras} can be analysed"
    if not 1 <= minutes <= 24 * 60:
        yield f"--minutes {minutes}: simulate 1 to 1,440"


def _camera(number: int, analysed: bool, seconds: int, chance: random.Random) -> Simulated:
    kinds = ANALYSED_KINDS if analysed else WATCHED_KINDS
    kind = kinds[number % len(kinds)]
    drawn, fault, begin = chance.random(), chance.choice(FAULTS[kind]), chance.uniform(0.1, 0.4)
    if drawn >= FAULTY_SHARE:
        return Simulated(number=number, kind=kind, analysed=analysed)
    whole_time = fault in ("slow", "clock")
    lasts = Fault(
        kind=fault,
        begin_s=0 if whole_time else begin * seconds,
        end_s=seconds if whole_time else (begin + 0.4) * seconds,
    )
    return Simulated(number=number, kind=kind, analysed=analysed, fault=lasts)
