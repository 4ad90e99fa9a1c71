"""The life of an incident: signs over time, announced once, over when they stay away, then quiet for a while.

A fold over moments: cases before, signs -> cases after, and those that began or ended. Bounded, and exact.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from civicam.vision.incidents.rule import RuleParameters, Sign, Spot

CASES_MAX = 24
"""Of one rule at one camera: what goes on longest stays."""
TRACKS_MAX = 8
SPOT_SIZES = 0.5
"""What stands within this many sizes of a spot stands there."""
UNSEEN_S = 2.1
"""Where nobody looked for longer than this, signs before and after do not make one stretch (two samples at 1 fps)."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is remembered of an incident, before, while and shortly after it is one."""

    subject: str
    since_ms: int
    seen_ms: int
    zone_id: str | None = None
    spot: Spot | None = None
    signs: int = 0
    """Frames with a strong sign..."""
    looked: int = 0
    """... of so many, until it began."""
    certainty: float = 0.0
    """Sum of the strong signs' scores, each times how well one could see."""
    track_ids: tuple[str, ...] = ()
    measures: dict[str, float] = field(default_factory=dict)
    state: Literal["rising", "begun", "over"] = "rising"

    @property
    def confidence(self) -> float:
        """How certain it is, 0..1."""
        return self.certainty / self.signs if self.signs else 0.0

    @property
    def lasted_s(self) -> float:
        """From the first sign to the last."""
        return (self.seen_ms - self.since_ms) / 1000


@dataclass(frozen=True)
class Instant:
    """A moment that was looked at, what was seen in it, and how well."""

    at_ms: int
    last_ms: int
    """When was looked before."""
    clarity: float
    signs: Sequence[Sign]


@dataclass(frozen=True)
class Lived:
    """What a moment came to."""

    cases: tuple[Case, ...]
    begun: tuple[Case, ...]
    ended: tuple[Case, ...]
    signs: dict[str, float]
    """The subjects of which there were signs, with their score."""


def live(cases: Sequence[Case], instant: Instant, parameters: RuleParameters) -> Lived:
    """The cases after this moment, and which of them began or ended with it."""
    pairs = [*_paired(cases, instant.signs)]
    after = [_on(case, sign, instant, parameters) for case, sign in pairs]
    kept = [case for case in after if case is not None]
    before = {case.subject: case.state for case in cases}
    return Lived(
        cases=_bounded(kept),
        begun=tuple(case for case in kept if case.state == "begun" and before.get(case.subject) != "begun"),
        ended=tuple(case for case in kept if case.state == "over" and before[case.subject] == "begun"),
        signs={case.subject: sign.score for case, sign in pairs if sign},
    )


def _paired(cases: Sequence[Case], signs: Iterable[Sign]) -> Iterator[tuple[Case, Sign | None]]:
    """Each case with its sign, if there is one; then a new case for each strong sign that belongs to none."""
    free = {sign.subject: sign for sign in signs}
    for case in cases:
        yield case, free.pop(next((name for name, sign in free.items() if _is_of(case, sign)), ""), None)
    known = {case.subject for case in cases}
    for sign in free.values():
        if sign.strong and sign.subject not in known:
            yield Case(sign.subject, since_ms=0, seen_ms=0, zone_id=sign.zone_id, spot=sign.spot), sign


def _is_of(case: Case, sign: Sign) -> bool:
    if case.subject == sign.subject:
        return True
    if case.spot is None or sign.spot is None or case.zone_id != sign.zone_id:
        return False
    return math.dist(case.spot[:2], sign.spot[:2]) <= SPOT_SIZES * max(case.spot.size_px, sign.spot.size_px)


def _on(case: Case, sign: Sign | None, instant: Instant, parameters: RuleParameters) -> Case | None:
    """The case after this moment; None once it need not be remembered."""
    if case.state == "over":
        quiet = instant.at_ms - case.seen_ms <= 1000 * (parameters.release_s + parameters.cooldown_s)
        return case if quiet else None
    if case.state == "rising":
        return _rising(case, sign, instant, parameters)
    if sign:
        return _seen(case, sign, instant)
    return replace(case, state="over") if instant.at_ms - case.seen_ms >= 1000 * parameters.release_s else case


def _rising(case: Case, sign: Sign | None, instant: Instant, parameters: RuleParameters) -> Case | None:
    if case.signs == 0:
        case = replace(case, since_ms=instant.at_ms, seen_ms=instant.at_ms)
    elif instant.at_ms - instant.last_ms > 1000 * max(UNSEEN_S, parameters.release_s):
        return None
    case = replace(case, looked=case.looked + 1)
    if sign is None or not sign.strong:
        return case if instant.at_ms - case.seen_ms < 1000 * parameters.release_s else None
    case = _seen(case, sign, instant)
    if case.lasted_s < (parameters.hold_s if sign.hold_s is None else sign.hold_s):
        return case
    if case.signs < parameters.share_min * case.looked:
        return None
    sure = case.signs >= parameters.frames_min and case.confidence >= parameters.confidence_min
    return replace(case, state="begun") if sure else case


def _seen(case: Case, sign: Sign, instant: Instant) -> Case:
    tracks = (*case.track_ids, *(one for one in sign.track_ids if one not in case.track_ids))[-TRACKS_MAX:]
    if not sign.strong:
        return replace(case, seen_ms=instant.at_ms, track_ids=tracks)
    return replace(
        case,
        seen_ms=instant.at_ms,
        track_ids=tracks,
        signs=case.signs + 1,
        certainty=round(case.certainty + sign.score * instant.clarity, 4),
        measures=case.measures | sign.measures,
    )


def _bounded(cases: list[Case]) -> tuple[Case, ...]:
    if len(cases) <= CASES_MAX:
        return tuple(cases)
    ranked = sorted(cases, key=lambda case: (case.state != "begun", case.since_ms))
    kept = {case.subject for case in ranked[:CASES_MAX]}
    return tuple(case for case in cases if case.subject in kept)
