"""Who comes after whom, and what a clip that comes late means for those that were judged before it.

All clips of a camera form one line, ordered by capture start and content. Each is judged from what was known after the
one before it. So a clip that comes late is put in its place, and of the MAX_SUCCESSORS after it those are judged again
that started from something else. Footage that overlaps is looked at once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from civicam.contracts.base import utc_text
from civicam.contracts.facts import ClipFact, CloudEvent
from civicam.contracts.footage import Footage
from civicam.contracts.vision import ClipDetected
from civicam.vision.judging import Judged, State, carried

MAX_SUCCESSORS = 12
"""How many clips after a late one are looked at, and judged again if need be."""
ALWAYS_NEW = frozenset({"fact_id", "revision", "judged_at", "rules_digest"})
"""What differs between two judgements of one clip although they say the same."""

Judge = Callable[[ClipDetected, State], Judged]
"""A clip and what was known before it -> what it came to."""


@dataclass(frozen=True)
class Judgement:
    """A clip's place in the line: what it was judged from, what it came to, how often it was judged again."""

    detected: CloudEvent[ClipDetected]
    facts: tuple[CloudEvent[ClipFact], ...]
    before: str
    """Digest of the state that it was judged from."""
    after: State
    revision: int = 0

    @property
    def clip(self) -> ClipDetected:
        """The clip, and where its boxes lie."""
        return self.detected.data

    @property
    def moment(self) -> str:
        """Its place among the clips of its camera and run."""
        return moment(self.clip)


def moment(clip: ClipDetected) -> str:
    """A clip's place in the line of its camera and run; sorts as text."""
    return place(clip.footage)


def place(footage: Footage) -> str:
    """The same by the footage, which stands in the same place in every run."""
    return f"{utc_text(footage.capture_start)}#{footage.sha256[:16]}"


def judged_first(detected: CloudEvent[ClipDetected], before: Judgement | None, judge: Judge) -> Judgement:
    """A clip's first judgement, from what was known after the clip before it."""
    known = _known(before, detected.data)
    judged = judge(detected.data, known)
    return Judgement(detected, tuple(map(CloudEvent.of, judged.facts)), known.digest, judged.state)


def mended(late: Judgement, successors: Iterable[Judgement], judge: Judge) -> Iterator[Judgement]:
    """New judgements of those successors, in their order, that would start from something else now.

    It looks beyond a successor that is right: a walk that was broken off half-way left right ones before wrong ones.
    """
    before = late
    for successor in islice(successors, MAX_SUCCESSORS):
        known = _known(before, successor.clip)
        before = successor
        if known.digest != successor.before:
            before = _again(successor, known, judge(successor.clip, known))
            yield before


def _known(before: Judgement | None, clip: ClipDetected) -> State:
    return carried(before.after if before else None, clip.footage.capture_start)


def _again(standing: Judgement, known: State, judged: Judged) -> Judgement:
    """The judgement that replaces one that stands. A fact that says the same as before stays the event that it was."""
    revision = standing.revision + 1
    told = {_identity(event.data): event for event in standing.facts}
    facts = [_revised(told.pop(_identity(fact), None), fact, revision) for fact in judged.facts]
    facts += [_revised(event, gone, revision) for event in told.values() if (gone := event.data.withdrawn())]
    return replace(standing, facts=tuple(facts), before=known.digest, after=judged.state, revision=revision)


def _identity(fact: ClipFact) -> tuple[str, str]:
    """What a fact is known by among those of its clip, whatever rules it was judged by."""
    return fact.TYPE, fact.about


def _revised(told: CloudEvent[ClipFact] | None, fact: ClipFact, revision: int) -> CloudEvent[ClipFact]:
    """The event that tells the fact from now on; it keeps its first id, whatever rules it was judged by again."""
    if told is None:
        return CloudEvent.of(fact)
    if _measures(told.data) == _measures(fact):
        return told
    return CloudEvent.of(fact.model_copy(update={"fact_id": told.data.fact_id, "revision": revision}))


def _measures(fact: ClipFact) -> dict[str, Any]:
    return fact.model_dump(exclude=set(ALWAYS_NEW))
