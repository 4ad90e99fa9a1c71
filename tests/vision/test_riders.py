"""Rider and machine are one two-wheeler; who walks past is not."""

import pytest

from civicam.contracts.vision import Box
from civicam.vision.riders import fuse_riders

pytestmark = pytest.mark.unit


def box(label: str, *xyxy: float, score: float = 0.6) -> Box:
    return Box.model_validate({"label": label, "score": score, "xyxy": xyxy})


MOTORCYCLE = box("motorcycle", 10, 40, 50, 80, score=0.5)
RIDER = box("person", 15, 10, 45, 70, score=0.8)


def labels(*boxes: Box, faint: tuple[Box, ...] = ()) -> list[str]:
    return sorted(fused.label for fused in fuse_riders(boxes, faint))


def test_a_rider_and_the_machine_are_one() -> None:
    assert fuse_riders([MOTORCYCLE, RIDER]) == (box("two_wheeler", 10, 10, 50, 80, score=0.8),)


def test_a_pillion_rides_along() -> None:
    assert labels(MOTORCYCLE, RIDER, box("person", 20, 15, 48, 72)) == ["two_wheeler"]


def test_nobody_sits_on_a_parked_machine() -> None:
    assert labels(MOTORCYCLE) == ["motorcycle"]


@pytest.mark.parametrize(
    "walker",
    [
        box("person", 48, 10, 78, 75),  # beside it
        box("person", 15, 0, 45, 35),  # behind it, feet above the saddle
        box("person", 15, 65, 45, 120),  # in front of it
        box("person", 15, 10, 45, 100),  # stands before it, feet far below the wheels
    ],
)
def test_a_walker_stays_a_person(walker: Box) -> None:
    assert labels(MOTORCYCLE, walker) == ["motorcycle", "person"]


def test_of_two_machines_the_rider_takes_the_nearer() -> None:
    fused = fuse_riders([MOTORCYCLE, box("bicycle", 40, 42, 80, 78), RIDER])
    assert sorted(one.label for one in fused) == ["bicycle", "two_wheeler"]


def test_a_machine_seen_twice_under_one_rider_counts_once() -> None:
    assert labels(MOTORCYCLE, box("bicycle", 12, 42, 48, 79, score=0.4), RIDER) == ["two_wheeler"]


def test_a_rider_makes_a_faint_machine_certain() -> None:
    assert labels(RIDER, faint=(MOTORCYCLE,)) == ["two_wheeler"]


def test_a_machine_makes_a_faint_rider_certain() -> None:
    assert labels(MOTORCYCLE, faint=(RIDER,)) == ["two_wheeler"]


def test_two_faint_ones_make_nothing() -> None:
    assert labels(faint=(MOTORCYCLE, RIDER)) == []


def test_cars_are_left_alone() -> None:
    car = box("car", 0, 0, 60, 90)
    assert fuse_riders([car]) == (car,)
