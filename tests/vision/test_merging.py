"""Several models' boxes of one picture as one list: what they agree on counts, what one alone sees faintly is gone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.contracts.vision import Box
from civicam.vision.merging import COUNTS, even, merge, mirror, uneven

pytestmark = pytest.mark.unit

shares = st.floats(0, 1)
thresholds = st.floats(0.05, 0.95)


def box(label: str, *xyxy: float, score: float = 0.6) -> Box:
    return Box.model_validate({"label": label, "score": score, "xyxy": xyxy})


CAR = box("car", 10, 10, 50, 40)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x, y = draw(st.integers(0, 200)), draw(st.integers(0, 200))
    size = draw(st.integers(1, 90))
    label = draw(st.sampled_from(["car", "truck", "person", "motorcycle", "bicycle"]))
    return box(label, x, y, x + size, y + size, score=round(draw(st.floats(0.05, 1)), 4))


parts = st.lists(st.lists(boxes(), max_size=8), min_size=2, max_size=3)


def test_what_all_see_keeps_its_score() -> None:
    (merged,) = merge([[CAR], [CAR]], iou=0.5)
    assert merged == CAR


def test_what_one_alone_sees_weighs_half() -> None:
    (merged,) = merge([[CAR], []], iou=0.5)
    assert (merged.score, merged.xyxy) == (0.3, CAR.xyxy)


def test_the_surer_one_says_where_it_is() -> None:
    (merged,) = merge([[box("car", 0, 0, 40, 40, score=0.9)], [box("car", 4, 0, 44, 40, score=0.3)]], iou=0.5)
    assert (merged.score, merged.xyxy) == (0.6, (1, 0, 41, 40))


def test_a_lorry_that_one_calls_a_car_is_one_vehicle() -> None:
    (merged,) = merge([[box("truck", 0, 0, 60, 40, score=0.8)], [box("car", 0, 0, 60, 40, score=0.5)]], iou=0.5)
    assert merged.label == "truck"


def test_a_person_and_a_machine_stay_apart() -> None:
    assert len(merge([[box("person", 0, 0, 20, 40)], [box("motorcycle", 0, 0, 20, 40)]], iou=0.5)) == 2


def test_two_boxes_of_one_member_are_two_things() -> None:
    near = box("motorcycle", 12, 10, 52, 40)
    assert len(merge([[box("motorcycle", 10, 10, 50, 40), near], []], iou=0.5)) == 2


@given(parts, st.floats(0.1, 0.9))
def test_nothing_is_invented_and_nothing_is_lost(heard: list[list[Box]], iou: float) -> None:
    merged = merge(heard, iou)
    said = [one for boxes_of_one in heard for one in boxes_of_one]
    assert max(map(len, heard)) <= len(merged) <= len(said)
    assert {one.label for one in merged} <= {one.label for one in said}
    assert sum(one.score for one in merged) == pytest.approx(sum(one.score for one in said) / len(heard), abs=0.01)
    assert [one.score for one in merged] == sorted((one.score for one in merged), reverse=True)
    if said:
        for place in range(4):
            corners = [one.xyxy[place] for one in said]
            assert all(min(corners) - 0.01 <= one.xyxy[place] <= max(corners) + 0.01 for one in merged)


@given(shares, thresholds)
def test_an_even_score_can_be_taken_back(score: float, threshold: float) -> None:
    assert uneven(even(score, threshold), threshold) == pytest.approx(score, abs=1e-6)
    assert (even(score, threshold) >= COUNTS) == (score >= threshold)


@given(shares, shares, thresholds)
def test_the_surer_one_stays_the_surer_one(one: float, other: float, threshold: float) -> None:
    low, high = sorted((one, other))
    assert even(low, threshold) <= even(high, threshold)


@given(boxes())
def test_twice_mirrored_is_what_it_was(seen: Box) -> None:
    assert mirror(mirror(seen, 512), 512) == seen
