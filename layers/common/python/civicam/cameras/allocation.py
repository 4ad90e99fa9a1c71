"""Which cameras are analysed, and why: the best that capacity and budget bear, with as few changes as that needs."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from civicam.cameras.coverage import Stretch
from civicam.contracts.allocation import Budget, CameraAllocationChanged, Request, Verdict, Why
from civicam.contracts.base import Document, Moment
from civicam.contracts.ids import CameraId, digest

PROMISED, REQUESTED, PRIORITY, RISK, OCCASION = 10_000, 2_000, 300, 100, 100
"""Points: a promise goes before every request, a request before every priority, which outweighs a risk or two."""
HELD = 50
"""Points of a camera that is analysed already: less than any step, so that only a real reason takes its place."""
RANKS = {"low": 0, "normal": 1, "high": 2}


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
    usd_per_hour: float = Field(default=0.0, ge=0)


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
    def passed_over(self) -> frozenset[str]:
        """The cameras that were not chosen."""
        return frozenset(camera_id for camera_id, verdict in self.verdicts.items() if not verdict.analysed)

    @property
    def analysed(self) -> frozenset[str]:
        """The cameras that were chosen."""
        return frozenset(camera_id for camera_id, verdict in self.verdicts.items() if verdict.analysed)


def allocate(candidates: Iterable[Candidate], budget: Budget, standing: Allocation, at: datetime) -> Allocation:
    """What holds from now on; the standing allocation itself where no verdict changes.

    Greedy: those that see, by points, then by id; what does not fit is passed over for what does; then the places that
    are left go to those that see nothing, for nobody knows sooner that they see again. Allocating again under the same
    conditions changes nothing: whoever came before a camera that was passed over still does.
    """
    held = standing.analysed
    ordered = sorted(candidates, key=lambda one: (not one.sees, -_points(one, held, at), one.camera_id))
    verdicts = {
        camera_id: _since_when(one, standing.verdicts.get(camera_id))
        for camera_id, one in _verdicts(ordered, budget, at)
    }
    if all(standing.verdicts.get(camera_id) is one for camera_id, one in verdicts.items()) and len(verdicts) == len(
        standing.verdicts
    ):
        return standing
    return Allocation(version=standing.version + 1, since=at, verdicts=verdicts)


def _since_when(verdict: Verdict, before: Verdict | None) -> Verdict:
    """The verdict that stands already, where it says the same."""
    same = before is not None and (before.analysed, before.why) == (verdict.analysed, verdict.why)
    return before if before and same else verdict


def changes(before: Allocation, after: Allocation) -> dict[str, Verdict]:
    """By camera the new verdict of all that are analysed now and were not, or were and are not."""
    return {
        camera_id: verdict
        for camera_id, verdict in sorted(after.verdicts.items())
        if verdict.analysed != before.analyses(camera_id)
    }


def fact_of(camera_id: str, verdict: Verdict, version: int) -> CameraAllocationChanged:
    """The fact of one change: the same one, whoever tells it and however often."""
    return CameraAllocationChanged(
        fact_id=digest(CameraAllocationChanged.TYPE, camera_id, str(version)),
        camera_id=camera_id,
        since=verdict.since,
        version=version,
        analysed=verdict.analysed,
        why=verdict.why,
        points=verdict.points,
    )


def analysed_in(
    changes: Sequence[tuple[datetime, bool]], standing: bool, period: Stretch
) -> tuple[Stretch, ...] | None:
    """When in the period a camera was analysed; None where all the time.

    `changes`: its changes from the period's start on, in order; before the first one it was as that one found it.
    `standing`: what holds where there are none.
    """
    since = period.start if (not changes[0][1] if changes else standing) else None
    found = list[Stretch]()
    for moment, analysed in changes:
        if moment >= period.end:
            break
        if analysed:
            since = since or moment
        elif since is not None:
            found.append(Stretch(since, moment))
            since = None
    if since is not None:
        found.append(Stretch(since, period.end))
    return None if found == [period] else tuple(found)


def _verdicts(ordered: Iterable[Candidate], budget: Budget, at: datetime) -> Iterator[tuple[str, Verdict]]:
    places, usd = budget.cameras, budget.usd_per_hour
    for one in ordered:
        points = _points(one, frozenset(), at)
        refusal = _refusal(one, places, usd)
        yield one.camera_id, Verdict(analysed=refusal is None, why=refusal or _reason(one, at), points=points, since=at)
        if refusal is None:
            places -= 1
            usd = None if usd is None else usd - one.usd_per_hour


def _refusal(one: Candidate, places: int, usd: float | None) -> Why | None:
    if places >= 1 and (usd is None or one.usd_per_hour <= usd + 1e-9):
        return None
    if not one.sees:
        return Why.BLIND
    return Why.CAPACITY if places < 1 else Why.BUDGET


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
