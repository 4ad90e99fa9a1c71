"""Succession: clips that come late, twice, or in no order give the sums of clips that came in order."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicam.contracts.cameras import Profile
from civicam.contracts.facts import ClipFact, CloudEvent
from civicam.contracts.geometry import Line
from civicam.contracts.incidents import IncidentSuspected
from civicam.vision.judging import EMPTY, Judged
from civicam.vision.succession import MAX_SUCCESSORS, Judgement, judged_first, mended
from tests.fakes import facts
from tests.fakes.judgements import Bench
from tests.fakes.scenes import Mover, SceneClip, clip_of, cut, instants

pytestmark = pytest.mark.unit

PROFILE = Profile(
    lines=(
        Line(line_id="down", points=((100, 360), (1200, 360))),
        Line(line_id="sideways", points=((640, 700), (640, 20))),
    )
)
STREET = [
    Mover(300, -20, vy=60),
    Mover(500, 740, vy=-80, since_s=4, label="truck", width=90, height=120),
    Mover(-30, 250, vx=110, since_s=8, label="motorcycle", width=40, height=60),
    Mover(900, 500),
    Mover(1000, -20, vy=70, since_s=15),
]
SECONDS = 30
SEEN = instants(STREET, seconds=SECONDS)


def bench_after(clips: list[SceneClip]) -> Bench:
    bench = Bench(PROFILE)
    for clip in clips:
        bench.take(clip)
    return bench


WHOLE = bench_after([clip_of(SEEN)])
IN_ORDER = cut(SEEN, range(3, SECONDS, 3))


def test_the_scene_is_worth_counting() -> None:
    assert WHOLE.sums() == {
        ("down", "forward", "car"): 2,
        ("down", "backward", "truck"): 1,
        ("sideways", "forward", "motorcycle"): 1,
        ("appeared", "car"): 3,
        ("appeared", "truck"): 1,
        ("appeared", "motorcycle"): 1,
    }


def test_in_order_nothing_is_judged_twice() -> None:
    bench = bench_after(IN_ORDER)
    assert bench.sums() == WHOLE.sums()
    assert bench.judged_again == 0
    assert {event.data.revision for event in bench.told} == {0}


def test_a_late_clip_is_put_in_its_place() -> None:
    late = IN_ORDER[4]
    bench = bench_after([clip for clip in IN_ORDER if clip is not late])
    assert bench.sums() != WHOLE.sums()
    bench.take(late)
    assert bench.sums() == WHOLE.sums()
    assert bench.judged_again > 0


def test_the_same_clip_again_says_nothing_new() -> None:
    bench = bench_after(IN_ORDER)
    told = len(bench.told)
    for clip in IN_ORDER:
        bench.take(clip)
    assert len(bench.told) == told


@pytest.mark.parametrize("walk", [0, 1, 2])
def test_a_walk_that_was_broken_off_is_finished_when_the_clip_comes_again(walk: int) -> None:
    late = IN_ORDER[4]
    bench = bench_after([clip for clip in IN_ORDER if clip is not late])
    bench.take(late, walk)
    assert bench.judged_again == walk
    bench.take(late)
    assert bench.sums() == WHOLE.sums()
    assert bench.table[max(bench.table)].after == next(iter(WHOLE.table.values())).after


def test_footage_that_overlaps_is_counted_once_whatever_comes_first() -> None:
    parts = [clip_of(SEEN), *IN_ORDER, clip_of(SEEN, 4.6, 17.2)]
    for seed in range(6):
        random.Random(seed).shuffle(parts)
        assert bench_after(parts).sums() == WHOLE.sums()


def test_a_fact_that_says_the_same_again_stays_the_event_that_it_was() -> None:
    late = IN_ORDER[0]
    bench = bench_after(IN_ORDER[1:])
    before = {event.id for event in bench.told}
    bench.take(late)
    crowds = [event for event in bench.told if "crowd" in event.type]
    assert len(crowds) == len(IN_ORDER)
    assert bench.judged_again > 0
    assert all(".1" in event.id for event in bench.told if event.id not in before and event.data.revision)


def test_a_revised_fact_keeps_its_first_id() -> None:
    late = IN_ORDER[4]
    bench = bench_after([clip for clip in IN_ORDER if clip is not late])
    ids = {event.data.fact_id for event in bench.told}
    bench.take(late)
    revised = [event for event in bench.told if event.data.revision]
    assert revised
    assert {event.data.fact_id for event in revised} <= ids
    assert all(event.id == f"{event.data.fact_id}.{event.data.revision}" for event in revised)


def test_a_fact_that_was_first_judged_by_older_rules_keeps_its_id_when_it_is_judged_again() -> None:
    late = IN_ORDER[4]
    bench = bench_after([clip for clip in IN_ORDER if clip is not late])
    for place, standing in bench.table.items():
        older = tuple(
            event.model_copy(update={"data": event.data.model_copy(update={"fact_id": f"older {event.data.fact_id}"})})
            for event in standing.facts
        )
        bench.table[place] = replace(standing, facts=older)
    bench.told.clear()
    bench.take(late)
    assert {event.data.fact_id.split()[0] for event in bench.told if event.data.revision} == {"older"}


def test_a_clip_after_a_gap_has_nothing_to_do_with_a_late_one_before_it() -> None:
    parked = instants([Mover(900, 500)], seconds=20)
    bench = bench_after([clip_of(parked, 8, 12), clip_of(parked, 0, 4)])
    assert bench.judged_again == 0
    bench.take(clip_of(parked, 4, 8))
    assert bench.judged_again == 1


def test_one_late_clip_has_no_more_than_so_many_judged_again() -> None:
    parked = cut(instants([Mover(900, 500)], seconds=60), range(3, 60, 3))
    bench = bench_after(parked[1:])
    bench.take(parked[0])
    assert bench.judged_again == MAX_SUCCESSORS
    assert bench.sums() == {("appeared", "car"): 1}


@settings(max_examples=25, deadline=None)
@given(
    borders=st.lists(st.integers(1, SECONDS * 5 - 1).map(lambda sample: sample / 5), max_size=MAX_SUCCESSORS - 1),
    twice=st.lists(st.integers(0, MAX_SUCCESSORS), max_size=5),
    seed=st.integers(0, 10_000),
)
def test_shuffled_and_doubled_is_the_same_as_whole(borders: list[float], twice: list[int], seed: int) -> None:
    clips = cut(SEEN, borders)
    arriving = [*clips, *(clips[number % len(clips)] for number in twice)]
    random.Random(seed).shuffle(arriving)
    bench = bench_after(arriving)
    assert bench.sums() == WHOLE.sums()
    last = max(bench.table)
    assert bench.table[last].after == next(iter(WHOLE.table.values())).after


def judged_again(standing: Judgement, *found: ClipFact) -> Judgement:
    """The judgement of the same clip after something became known before it, with what it came to now."""
    earlier = judged_first(CloudEvent.of(IN_ORDER[0].detected), None, lambda *_: Judged((), KNOWN, ()))
    stale = replace(standing, before="something else")
    (revised,) = mended(earlier, [stale], lambda *_: Judged(found, EMPTY, ()))
    return revised


KNOWN = next(iter(WHOLE.table.values())).after.model_copy(update={"until": IN_ORDER[0].detected.footage.capture_end})
ONE, TWO = facts.incident(name="one"), facts.incident(name="two")


def first_found(*found: ClipFact) -> Judgement:
    return judged_first(CloudEvent.of(IN_ORDER[1].detected), None, lambda *_: Judged(found, EMPTY, ()))


def told_of(judgement: Judgement) -> dict[str, tuple[str, int]]:
    """Phase and revision by fact."""
    return {
        event.data.fact_id: (event.data.phase, event.data.revision)
        for event in judgement.facts
        if isinstance(event.data, IncidentSuspected)
    }


def test_several_facts_of_one_kind_are_told_apart_when_they_are_judged_again() -> None:
    surer = TWO.model_copy(update={"confidence": 0.95, "fact_id": "by newer rules"})
    revised = judged_again(first_found(facts.vehicles(), ONE, TWO), facts.vehicles(), surer, ONE)
    assert told_of(revised) == {ONE.fact_id: ("begun", 0), TWO.fact_id: ("begun", 1)}
    assert len(revised.facts) == 3


def test_the_beginning_and_the_end_of_an_incident_are_two_facts() -> None:
    end = facts.incident(name="one", ended=True)
    later = end.model_copy(update={"end": end.start + timedelta(seconds=9)})
    revised = judged_again(first_found(ONE, end), ONE, later)
    assert told_of(revised) == {ONE.fact_id: ("begun", 0), end.fact_id: ("ended", 1)}


def test_an_incident_that_is_found_no_more_is_withdrawn_and_comes_back_when_it_is_found_again() -> None:
    gone = judged_again(first_found(ONE, TWO), TWO)
    assert told_of(gone) == {ONE.fact_id: ("withdrawn", 1), TWO.fact_id: ("begun", 0)}
    still_gone = judged_again(gone, TWO)
    assert told_of(still_gone) == told_of(gone)
    assert told_of(judged_again(still_gone, ONE, TWO)) == {ONE.fact_id: ("begun", 3), TWO.fact_id: ("begun", 0)}


def test_an_incident_that_is_found_only_later_is_a_new_fact() -> None:
    revised = judged_again(first_found(ONE), ONE, TWO)
    assert told_of(revised) == {ONE.fact_id: ("begun", 0), TWO.fact_id: ("begun", 0)}


def test_a_count_that_is_stated_no_more_is_not_taken_back() -> None:
    revised = judged_again(first_found(facts.vehicles(), ONE), ONE)
    assert [event.data for event in revised.facts] == [ONE]
