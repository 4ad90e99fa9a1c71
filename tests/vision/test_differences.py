"""What two runs say differently: gained, lost, changed; what is no difference; and where their boxes disagree."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from civicam.contracts.cameras import Profile
from civicam.contracts.facts import ClipFact, CloudEvent
from civicam.contracts.incidents import IncidentSuspected
from civicam.contracts.vision import Box, ClipBoxes, CrowdMeasured, FrameBoxes, LabelCount, VehiclesCounted
from civicam.vision.differences import Difference, Pair, disagreements, pairs
from civicam.vision.judging import EMPTY
from civicam.vision.succession import Judgement
from tests.fakes.facts import crossing, crowd, vehicles
from tests.fakes.scenes import START, clip_of, instants

pytestmark = pytest.mark.unit


def judgement(*facts: ClipFact, at_s: float = 0.0) -> Judgement:
    clip = clip_of(instants([], seconds=at_s + 10), at_s).detected
    return Judgement(CloudEvent.of(clip), tuple(map(CloudEvent.of, facts)), "", EMPTY)


def compared(first: Sequence[ClipFact], second: Sequence[ClipFact]) -> list[Difference]:
    return Pair(judgement(*first), judgement(*second)).differences()


def incident(phase: Any = "begun", **changes: Any) -> IncidentSuspected:
    whole = vehicles().model_dump(include=set(ClipFact.model_fields))
    told: dict[str, Any] = {
        "incident_id": "i1",
        "rule": "stopped_vehicle",
        "phase": phase,
        "start": START,
        "end": None if phase == "begun" else START + timedelta(seconds=9),
        "evidence": (),
        "zone_id": "lane",
        "track_ids": ("t1",),
        "measures": {"stood_s": 31.0},
    }
    return IncidentSuspected(**whole | told | changes)


def test_the_same_facts_from_another_model_are_no_difference() -> None:
    again = vehicles(crossing(2), model_digest="n", fact_id="other", run="r", confidence=0.4, revision=3)
    assert compared([vehicles(crossing(2))], [again]) == []


def test_a_count_that_differs_is_told_by_line_direction_and_label() -> None:
    (changed,) = compared(
        [vehicles(crossing(2), crossing(1, label="bus"))], [vehicles(crossing(3), crossing(1, label="bus"))]
    )
    assert (changed.change, changed.rule, changed.type) == ("changed", "vehicle", VehiclesCounted.TYPE)
    assert changed.measures == {"crossings north forward car count": (2, 3)}


def test_a_line_that_nobody_crosses_any_more_is_told_as_none() -> None:
    (changed,) = compared([vehicles(crossing(2))], [vehicles(crossing(1, line_id="south"))])
    assert changed.measures == {
        "crossings north forward car count": (2, None),
        "crossings south forward car count": (None, 1),
    }


def test_means_that_differ_by_a_hair_are_the_same() -> None:
    assert compared([people(2.0)], [people(2.03)]) == []
    (changed,) = compared([people(2.0)], [people(2.3)])
    assert changed.measures == {"people_mean": (2.0, 2.3)}


def test_what_one_run_counts_as_none_and_the_other_does_not_mention_is_the_same() -> None:
    assert (
        compared([vehicles()], [vehicles().model_copy(update={"appeared": (LabelCount(label="car", count=0),)})]) == []
    )


def people(mean: float) -> CrowdMeasured:
    return crowd().model_copy(update={"people_mean": mean})


def test_facts_that_one_run_alone_states_are_gained_or_lost() -> None:
    gained, lost = compared([vehicles(), incident()], [vehicles(), crowd()])[::-1]
    assert (gained.change, gained.type) == ("gained", CrowdMeasured.TYPE)
    assert (lost.change, lost.rule) == ("lost", "stopped_vehicle")


def test_an_incident_is_the_same_whatever_its_tracks_are_called_in_a_run() -> None:
    other = incident(incident_id="i2", track_ids=("t9",))
    assert compared([incident()], [other]) == []


def test_an_incident_that_was_withdrawn_is_not_there() -> None:
    assert [one.change for one in compared([incident()], [incident("withdrawn")])] == ["lost"]


def test_two_incidents_of_a_rule_in_one_zone_are_two() -> None:
    second = incident(incident_id="i2", start=START + timedelta(seconds=4))
    (gained,) = compared([incident()], [incident(), second])
    assert gained.change == "gained"


def test_clips_meet_in_the_order_of_time_and_one_that_a_run_has_not_says_nothing() -> None:
    one, two, three = (judgement(vehicles(), at_s=at_s) for at_s in (0.0, 10.0, 20.0))
    met = list(pairs([one, three], [one, two]))
    assert [(bool(pair.first), bool(pair.second)) for pair in met] == [(True, True), (False, True), (True, False)]
    assert [pair.differences() for pair in met] == [[], [], []]


def test_no_run_and_no_clip_is_no_pair() -> None:
    assert list(pairs([], [])) == []


def test_frames_disagree_by_the_boxes_that_only_one_has() -> None:
    car = Box(label="car", score=0.9, xyxy=(0, 0, 100, 100))
    near = car.model_copy(update={"xyxy": (5, 5, 105, 105)})
    bus = car.model_copy(update={"label": "bus"})
    faint = car.model_copy(update={"score": 0.1, "xyxy": (300, 0, 400, 100)})
    first = boxes({0: (car,), 1: (car,), 2: (car, faint), 5: ()})
    second = boxes({0: (near,), 1: (bus,), 2: (), 9: (car,)})
    assert disagreements(first, second) == {0: 0, 1: 2, 2: 1}


def boxes(frames: dict[int, tuple[Box, ...]]) -> ClipBoxes:
    return ClipBoxes(
        clip_id="c",
        model="m",
        model_digest="a" * 64,
        width=640,
        height=480,
        sampling_fps=5,
        frames=tuple(FrameBoxes(index=n, time_s=n / 5, boxes=seen) for n, seen in frames.items()),
        thresholds={"car": 0.5, "bus": 0.5},
    )


def test_a_profile_of_every_analytic_can_be_compared() -> None:
    """Whatever an analytic states, its difference has a name and a pass."""
    assert Profile().analytics
    for fact in (vehicles(), crowd()):
        (lost,) = compared([fact], [])
        assert lost.rule in Profile().analytics
        assert lost.reads == "objects"
