"""What two runs say differently about the same footage: facts gained, lost and changed, clip by clip."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

import numpy as np
from pydantic import JsonValue

from civicam.contracts.base import Document, Moment
from civicam.contracts.facts import ClipFact
from civicam.contracts.incidents import IncidentSuspected
from civicam.contracts.vision import Box, ClipBoxes
from civicam.vision.analytics import ANALYTICS
from civicam.vision.association import Floats, overlap
from civicam.vision.catalogue import Task
from civicam.vision.succession import Judgement

SAME_WITHIN = 0.05
"""Means that differ by no more than this are the same: no two models put their boxes on the same pixel."""
SAME_THING = 0.5
"""Intersection over union from which on two boxes of a label are one thing."""
NO_MEASURES = {*ClipFact.model_fields, "window", "incident_id", "evidence", "track_ids"}
_ANALYTICS = {analytic.states.TYPE: analytic for analytic in ANALYTICS}

Change = Literal["gained", "lost", "changed"]


class Difference(Document):
    """One fact that the second run states and the first does not, or the reverse, or with other measures."""

    change: Change
    camera_id: str
    clip_id: str
    capture_start: Moment
    type: str
    rule: str
    """The analytic, or the rule behind an incident."""
    reads: str
    """The pass whose boxes it was judged from."""
    measures: dict[str, tuple[JsonValue, JsonValue]]
    """First and second value of each measure that differs; null where a run has none."""


@dataclass(frozen=True)
class Pair:
    """One clip in both runs, or in the one that judged it."""

    first: Judgement | None
    second: Judgement | None

    def differences(self) -> list[Difference]:
        """None where only one run judged the clip: that says nothing about the footage."""
        if self.first is None or self.second is None:
            return []
        told, tells = _grouped(self.first), _grouped(self.second)
        found = (
            _difference(one, other)
            for key in dict.fromkeys([*told, *tells])
            for one, other in zip_longest(told[key], tells[key])
        )
        return [difference for difference in found if difference]


def pairs(first: Iterable[Judgement], second: Iterable[Judgement]) -> Iterator[Pair]:
    """The clips of both runs beside each other. Each run gives one camera's judgements in their order."""
    ones, others = iter(first), iter(second)
    one, other = next(ones, None), next(others, None)
    while one or other:
        if other is None or (one and one.moment < other.moment):
            yield Pair(one, None)
            one = next(ones, None)
        elif one is None or other.moment < one.moment:
            yield Pair(None, other)
            other = next(others, None)
        else:
            yield Pair(one, other)
            one, other = next(ones, None), next(others, None)


def disagreements(first: ClipBoxes, second: ClipBoxes) -> dict[int, int]:
    """By frame that both looked at: how many boxes that count only one of them has."""
    others = {frame.index: frame.boxes for frame in second.frames}
    return {
        frame.index: _unmatched(_counting(first, frame.boxes), _counting(second, others[frame.index]))
        for frame in first.frames
        if frame.index in others
    }


def _grouped(judgement: Judgement) -> defaultdict[tuple[str, ...], list[ClipFact]]:
    """Facts by what makes them comparable. An incident's own id rests on its tracks, which are a run's own."""
    grouped: defaultdict[tuple[str, ...], list[ClipFact]] = defaultdict(list)
    for event in judgement.facts:
        fact = event.data
        if isinstance(fact, IncidentSuspected):
            if fact.phase != "withdrawn":
                grouped[fact.TYPE, fact.rule, fact.phase, fact.zone_id or "", fact.line_id or ""].append(fact)
        else:
            grouped[fact.TYPE, fact.about].append(fact)
    return grouped


def _difference(one: ClipFact | None, other: ClipFact | None) -> Difference | None:
    fact = other or one
    if fact is None:
        return None
    before, after, analytic = _measures(one), _measures(other), _ANALYTICS.get(fact.TYPE)
    measures = {
        name: (before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if not _same(before.get(name), after.get(name))
    }
    if one and other and not measures:
        return None
    return Difference(
        change="changed" if one and other else "gained" if other else "lost",
        camera_id=fact.camera_id,
        clip_id=fact.clip_id,
        capture_start=fact.capture_start,
        type=fact.TYPE,
        rule=fact.rule if isinstance(fact, IncidentSuspected) else analytic.name if analytic else fact.TYPE,
        reads=analytic.reads if analytic else str(Task.OBJECTS),
        measures=measures,
    )


def _measures(fact: ClipFact | None) -> dict[str, JsonValue]:
    """Its own measures in one level: `crossings north forward car count`."""
    return dict(_flat("", fact.model_dump(mode="json", exclude=NO_MEASURES))) if fact else {}


def _flat(path: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flat(f"{path} {name}".strip(), part)
    elif isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        for part in value:
            named = part if isinstance(part, dict) else {}
            words = " ".join(word for word in named.values() if isinstance(word, str))
            yield from _flat(f"{path} {words}", {n: v for n, v in named.items() if not isinstance(v, str)})
    elif value not in (None, []):
        yield path, value


def _same(one: JsonValue, other: JsonValue) -> bool:
    """Nothing is counted as 0 in one run and not at all in another: that is no difference."""
    if isinstance(one, int | float | None) and isinstance(other, int | float | None):
        bound = SAME_WITHIN if isinstance(one, float) or isinstance(other, float) else 0
        return abs((one or 0) - (other or 0)) <= bound
    return one == other


def _counting(boxes: ClipBoxes, seen: Iterable[Box]) -> list[Box]:
    return [box for box in seen if boxes.counts(box)]


def _unmatched(ones: list[Box], others: list[Box]) -> int:
    """Boxes of either without a partner of its label in the other, each taken once."""
    shared = overlap(_corners(ones), _corners(others))
    taken: set[int] = set()
    for row, box in enumerate(ones):
        alike = (n for n, other in enumerate(others) if other.label == box.label and n not in taken)
        best = max(alike, key=lambda n: shared[row, n], default=None)
        if best is not None and shared[row, best] >= SAME_THING:
            taken.add(best)
    return len(ones) + len(others) - 2 * len(taken)


def _corners(boxes: list[Box]) -> Floats:
    return np.array([box.xyxy for box in boxes], np.float64).reshape(-1, 4)
