"""Which cameras are analysed, and why: the best that capacity and budget bear, with as few changes as that needs."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from civicam.contracts.base import Body, Document, Moment
from civicam.contracts.ids import CameraId

PROMISED, REQUESTED, PRIORITY, RISK, OCCASION = 10_000, 2_000, 300, 100, 100
"""Points: a promise goes before every request, a request before every priority, which outweighs a risk or two."""
HELD = 50
"""Points of a camera that is analysed already: less than any step, so that only a real reason takes its place."""
RANKS = {"low": 0, "normal": 1, "high": 2}


class Why(StrEnum):
    """Why a camera is analysed, or is not."""

    PROMISED = "promised"
    REQUESTED = "requested"
    OCCASION = "occasion"
    RANK = "rank"  # by its priority and the risk of its place
    BLIND = "blind"  # nothing could be seen
    NO_ANALYTICS = "no_analytics"  # its profile asks for none
    CAPACITY = "capacity"  # others go before it
    BUDGET = "budget"  # it costs more than is left


class Request(Body):
    """An operator's wish that a camera be analysed, which ends."""

    until: Moment
    by: str = Field(min_length=1)


class Candidate(Document):
    """What is known of a camera when it is chosen or not."""

    camera_id: CameraId
    promised: bool = False
    priority: Literal["low", "normal", "high"] = "normal"
    risk: int = Field(default=0, ge=0, le=3)
    """Of the place: 0 is ordinary."""
    occasion: int = Field(default=0, ge=0, le=3)
    """Weight of what the day is there (`civicam.cameras.calendar`)."""
    request: Request | None = None
    sees: bool = True
    """Whether its health allows that anything be seen."""
    wanted: bool = True
    """Whether its profile asks for an analytic at all, at this time."""
    usd_per_hour: float = Field(default=0.0, ge=0)


class Budget(Body):
    """What may be analysed at one time."""

    cameras: int = Field(ge=0)
    usd_per_hour: float | None = Field(default=None, ge=0)


class Verdict(Document):
    """Whether one camera is analysed, why, and with how many points."""

    analysed: bool
    why: Why
    points: int = 0


class Allocation(Document):
    """What holds for every camera since a time. The empty one has chosen nothing yet: then all are analysed."""

    version: int = Field(default=0, ge=0)
    since: Moment
    verdicts: dict[str, Verdict] = Field(default_factory=dict)

    def analyses(self, camera_id: str) -> bool:
        """Whether the camera is analysed; one that nobody has judged yet is."""
        verdict = self.verdicts.get(camera_id)
        return verdict is None or verdict.analysed

    @property
    def analysed(self) -> frozenset[str]:
        """The cameras that were chosen."""
        return frozenset(camera_id for camera_id, verdict in self.verdicts.items() if verdict.analysed)


def allocate(candidates: Iterable[Candidate], budget: Budget, standing: Allocation, at: datetime) -> Allocation:
    """What holds from now on; the standing allocation itself where no verdict changes.

    Greedy by points, then by id; what does not fit is passed over for what does. Allocating again under the same
    conditions changes nothing: whoever came before a camera that was passed over still does.
    """
    held = standing.analysed
    verdicts = dict(_verdicts(sorted(candidates, key=lambda one: (-_points(one, held, at), one.camera_id)), budget, at))
    outcome = {camera_id: (one.analysed, one.why) for camera_id, one in verdicts.items()}
    if outcome == {camera_id: (one.analysed, one.why) for camera_id, one in standing.verdicts.items()}:
        return standing
    return Allocation(version=standing.version + 1, since=at, verdicts=verdicts)


def changes(before: Allocation, after: Allocation) -> dict[str, Verdict]:
    """By camera the new verdict of all that are analysed now and were not, or were and are not."""
    return {
        camera_id: verdict
        for camera_id, verdict in sorted(after.verdicts.items())
        if verdict.analysed != before.analyses(camera_id)
    }


def _verdicts(ordered: Iterable[Candidate], budget: Budget, at: datetime) -> Iterator[tuple[str, Verdict]]:
    places, usd = budget.cameras, budget.usd_per_hour
    for one in ordered:
        points = _points(one, frozenset(), at)
        refusal = _refusal(one, places, usd)
        yield one.camera_id, Verdict(analysed=refusal is None, why=refusal or _reason(one, at), points=points)
        if refusal is None:
            places -= 1
            usd = None if usd is None else usd - one.usd_per_hour


def _refusal(one: Candidate, places: int, usd: float | None) -> Why | None:
    if not one.wanted:
        return Why.NO_ANALYTICS
    if not one.sees:
        return Why.BLIND
    if places < 1:
        return Why.CAPACITY
    return Why.BUDGET if usd is not None and one.usd_per_hour > usd + 1e-9 else None


def _reason(one: Candidate, at: datetime) -> Why:
    if one.promised:
        return Why.PROMISED
    if _is_requested(one, at):
        return Why.REQUESTED
    return Why.OCCASION if one.occasion else Why.RANK


def _points(one: Candidate, held: frozenset[str], at: datetime) -> int:
    return (
        PROMISED * one.promised
        + REQUESTED * _is_requested(one, at)
        + PRIORITY * RANKS[one.priority]
        + RISK * one.risk
        + OCCASION * one.occasion
        + HELD * (one.camera_id in held)
    )


def _is_requested(one: Candidate, at: datetime) -> bool:
    return one.request is not None and at < one.request.until
