"""Whether a camera sees: a state machine over what is known of it, which does not flap.

What is observed is a set: it is sorted here, so that neither the order in which observations came nor how often one
came changes the end. Each reason is raised and cleared by a run of observations in a row, and where something is
measured, by two thresholds with a band between them in which all stays as it is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import get_args

from civicam.contracts.base import Document, Moment
from civicam.contracts.health import BLINDING, DEADLY, HealthReason, HealthState

TICK = timedelta(minutes=1)
"""How often health is looked at, and the least time that counts as a camera's interval."""
DEAD_INTERVALS = 2
"""Silent for longer than this a camera is dead: one picture may be lost. The next tick finds it, within three."""
BACK_INTERVALS = 1.5
"""It is back once several deliveries in a row came as close together as this. A delivery now and then is no camera that
lives: it stays dead, and does not flap."""
IN_A_ROW, LASTING = 3, timedelta(minutes=1)
"""So many observations in a row, and so long, raise a reason or clear it."""
AHEAD_S, AHEAD_CLEAR_S = 5.0, 2.0
"""A clip that came before it ended was filmed by a clock that runs ahead."""
BEHIND_S, BEHIND_CLEAR_S, BACKLOG_S = 120.0, 60.0, 3.0
"""A clip that comes so late was filmed by a clock that runs behind, or waited. What waited comes less late from clip to
clip, for it is uploaded faster than it was filmed: by more than the third number."""
BITRATE_FACTOR, BITRATE_CLEAR_FACTOR = 10.0, 6.0
"""An encoder gives a street by night a fifth of what it gives it by day: more than this is a fault..."""
NEW_USUAL = timedelta(days=1)
"""... unless it stays so: after a day it is what is usual."""
GAPS_SHARE, GAPS_CLEAR_SHARE = 0.8, 0.95
"""Share of the last minutes that footage speaks for."""
GAPS_SEEN = timedelta(minutes=5)
"""So long one must have looked to speak of gaps."""
STANDS = timedelta(minutes=3)
"""A source that is read more often than it renews its picture gives the same one a few times; not for so long."""
REMEMBERED = timedelta(minutes=15)
"""How far back observations are asked for; at least six intervals."""

Verdict = bool | None
"""Whether one observation speaks for a reason; None where it tells neither."""


@dataclass(frozen=True)
class Observation:
    """One delivery of a camera: a clip, or a picture. What was not measured is None."""

    key: str
    """The same delivery has the same key."""
    start: datetime
    end: datetime
    arrived: datetime
    """When the city had it."""
    conditions: frozenset[str] | None = None
    """What was wrong with its view; None where nobody has looked."""
    kbps: float | None = None
    offset_s: float | None = None
    """Seconds between its end and its arrival, where its source states when it was filmed."""
    usable: bool = True
    """False where it lies in quarantine."""
    repeats: bool | None = None
    """Whether a source that is read showed what it had shown before, to the last bit, for STANDS or longer."""


Teller = Callable[[Observation, Observation | None], Verdict]
"""What an observation says, beside the one before it."""


@dataclass(frozen=True)
class Expected:
    """What is expected of a camera, and what is usual for it."""

    interval: timedelta
    """Between two deliveries."""
    since: datetime
    """Since when the city waits for it."""

    @property
    def patience(self) -> timedelta:
        """The interval that silence is measured by: never less than a tick."""
        return max(self.interval, TICK)


class Health(Document):
    """What a camera was found to be, last."""

    state: HealthState = "unknown"
    reasons: tuple[HealthReason, ...] = ()
    since: Moment
    number: int = 0
    """Changes so far."""
    last_seen: Moment | None = None
    """As it was known at that change."""
    usual_kbps: float | None = None

    def is_as(self, other: "Health") -> bool:
        """Whether both say the same."""
        return (self.state, self.reasons) == (other.state, other.reasons)


def looked_back(expected: Expected) -> timedelta:
    """How far back observations matter."""
    return max(REMEMBERED, 6 * expected.interval)


def usual_length(observations: Iterable[Observation]) -> timedelta | None:
    """How long a camera's clips usually are, which is how often a recorder delivers; None where none is known."""
    lengths = [(one.end - one.start).total_seconds() for one in observations if one.end > one.start]
    return timedelta(seconds=median(lengths)) if lengths else None


def reads(changed: Sequence[datetime], expected: Expected, at: datetime, *, fails: bool) -> tuple[Observation, ...]:
    """What is observed of a source that is read: the last moments at which it showed something new, in any order, and
    since then, unless it `fails`, the same again at each of its intervals."""
    seen = [
        Observation(f"read {moment.isoformat()}", moment, moment, moment, repeats=False) for moment in sorted(changed)
    ]
    if not seen or fails:
        return tuple(seen)
    interval, newest = expected.patience, seen[-1].end
    for number in range(1, int((at - newest) / interval) + 1):
        moment = newest + number * interval
        if moment >= at - looked_back(expected):
            same = moment - newest >= max(STANDS, 3 * interval)
            seen.append(Observation(f"same {moment.isoformat()}", moment, moment, moment, repeats=same))
    return tuple(seen)


def assessed(standing: Health, observations: Iterable[Observation], expected: Expected, at: datetime) -> Health:
    """What the camera is at that time; the standing health itself where nothing has changed.

    `observations`: those since `at - looked_back(expected)`, in any order; one that comes twice counts once, and one
    that ends in the future counts when its time has come.
    """
    case = _Case(standing, _sorted(observations, at), expected, at)
    reasons = tuple(reason for reason in get_args(HealthReason) if case.holds(reason))
    found = Health(
        state=_state(reasons, is_known=bool(case.seen) or standing.last_seen is not None),
        reasons=reasons,
        since=at,
        number=standing.number + 1,
        last_seen=max((one.end for one in case.seen), default=standing.last_seen),
        usual_kbps=case.usual_kbps,
    )
    return standing.model_copy(update={"usual_kbps": found.usual_kbps}) if found.is_as(standing) else found


def _sorted(observations: Iterable[Observation], at: datetime) -> list[Observation]:
    # Of two that bear one key, the one that tells more: a clip is looked at after it was stored.
    told = {one.key: one for one in sorted(observations, key=_told)}
    in_time = [one if one.end <= at else replace(one, end=at) for one in told.values() if one.start <= at]
    return sorted(in_time, key=lambda one: (one.end, one.start, one.key))


def _told(one: Observation) -> tuple[bool, bool, datetime, str]:
    return one.conditions is not None, not one.usable, one.arrived, " ".join(sorted(one.conditions or ()))


def _state(reasons: Sequence[HealthReason], *, is_known: bool) -> HealthState:
    if DEADLY & set(reasons):
        return "dead"
    if not is_known:
        return "unknown"
    if BLINDING & set(reasons):
        return "blind"
    return "degraded" if reasons else "healthy"


@dataclass(frozen=True)
class _Case:
    """One camera at one time."""

    standing: Health
    seen: Sequence[Observation]
    expected: Expected
    at: datetime

    def holds(self, reason: HealthReason) -> bool:
        """Whether the reason holds from now on."""
        stands = reason in self.standing.reasons
        if reason == "silent":
            return self._is_silent
        if self._is_silent:
            return False  # of what sends nothing, nothing else is known
        if reason == "gaps":
            return self._has_gaps(stands)
        return _by_runs(stands, self.seen, self._teller(reason))

    @cached_property
    def usual_kbps(self) -> float | None:
        """What the encoder usually gives, once enough clips are known to tell."""
        standing = self.standing
        has_settled = "bitrate" in standing.reasons and self.at - standing.since >= NEW_USUAL
        if standing.usual_kbps and not has_settled:
            return standing.usual_kbps
        rates = [one.kbps for one in self.seen if one.kbps is not None]
        return round(median(rates), 1) if len(rates) >= IN_A_ROW else standing.usual_kbps

    def _teller(self, reason: HealthReason) -> Teller:
        match reason:
            case "clock_drift":
                return _drifts
            case "bitrate":
                return self._bitrate
            case "unusable":
                return lambda one, _: not one.usable
            case "frozen":
                return lambda one, _: _named(one, reason) if one.repeats is None else one.repeats
            case _:
                return lambda one, _: _named(one, reason)

    @cached_property
    def _is_silent(self) -> bool:
        newest = max((one.arrived for one in self.seen), default=self.standing.last_seen or self.expected.since)
        if self.at - newest > DEAD_INTERVALS * self.expected.patience:
            return True
        return "silent" in self.standing.reasons and _by_runs(True, self._since(DEAD_INTERVALS), self._stays_away)

    def _stays_away(self, one: Observation, before: Observation | None) -> Verdict:
        return None if before is None else one.end - before.end > BACK_INTERVALS * self.expected.patience

    def _since(self, intervals: float) -> Sequence[Observation]:
        """What was delivered since nothing was for so many intervals."""
        first = 0
        for number, (before, one) in enumerate(pairwise(self.seen), 1):
            if one.end - before.end > intervals * self.expected.patience:
                first = number
        return self.seen[first:]

    def _has_gaps(self, stands: bool) -> bool:
        """Since the camera was last dead: that was told when it was."""
        stretch = self._since(DEAD_INTERVALS + 1)
        if not stretch or stretch[-1].end - stretch[0].start < max(GAPS_SEEN, 4 * self.expected.interval):
            return stands
        return _received(stretch, self.expected.interval) < (GAPS_CLEAR_SHARE if stands else GAPS_SHARE)

    def _bitrate(self, one: Observation, _: Observation | None) -> Verdict:
        if one.kbps is None or not self.usual_kbps:
            return None
        factor = max(one.kbps, self.usual_kbps) / max(0.001, min(one.kbps, self.usual_kbps))
        return _beyond(factor, BITRATE_FACTOR, BITRATE_CLEAR_FACTOR)


def _named(one: Observation, reason: HealthReason) -> Verdict:
    return None if one.conditions is None else reason in one.conditions


def _drifts(one: Observation, before: Observation | None) -> Verdict:
    if one.offset_s is None:
        return None
    ahead = _beyond(-one.offset_s, AHEAD_S, AHEAD_CLEAR_S)
    if ahead is not False:
        return ahead
    behind = _beyond(one.offset_s, BEHIND_S, BEHIND_CLEAR_S)
    if behind and before and before.offset_s is not None:
        return True if abs(before.offset_s - one.offset_s) <= BACKLOG_S else None
    return None if behind else behind


def _beyond(value: float, raise_at: float, clear_below: float) -> Verdict:
    """True from the one on, False below the other, None between."""
    if value >= raise_at:
        return True
    return False if value < clear_below else None


def _by_runs(stands: bool, seen: Sequence[Observation], told: Teller) -> bool:
    """Whether a reason holds after the last run that was long enough; as before where there was none."""
    says: Verdict = None
    length, since = 0, None
    for before, one in zip((None, *seen), seen, strict=False):
        verdict = told(one, before)
        if verdict is None:
            continue
        if verdict is not says or since is None:
            says, length, since = verdict, 0, one.start
        length += 1
        if length >= IN_A_ROW and one.end - since >= LASTING:
            stands = verdict
    return stands


def _received(seen: Sequence[Observation], interval: timedelta) -> float:
    """Share of the time between the first and the last delivery that each one speaks for: until the next, or for half
    an interval longer than one."""
    ordered = sorted(seen, key=lambda one: (one.start, one.end))
    held, until = timedelta(), ordered[0].start
    for one, after in pairwise(ordered):
        reach = min(max(one.end, one.start + 1.5 * interval), after.start)
        held += max(timedelta(), reach - max(one.start, until))
        until = max(until, reach)
    whole = ordered[-1].start - ordered[0].start
    return min(1.0, held / whole) if whole else 1.0
