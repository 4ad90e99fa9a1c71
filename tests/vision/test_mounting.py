"""Riders and walkers: one object, whatever it is seen as in one frame or another."""

from collections.abc import Callable, Sequence

import pytest

from civicam.contracts.cameras import Profile
from civicam.contracts.vision import Box, CrowdMeasured, VehiclesCounted
from civicam.vision.tracking import track
from civicam.vision.tracks import Track, TrackerState, TrackSettings
from tests.fakes.fold import facts_of
from tests.fakes.scenes import Instant, Mover, clip_of, instants, timed

pytestmark = pytest.mark.unit
RIDER = Mover(100, 300, vx=60, label="two_wheeler", width=40, height=80)
WALKER = Mover(100, 300, vx=25, label="person", width=30, height=80)


def as_rider(box: Box) -> Box:
    """What is left of a two-wheeler whose machine is not seen."""
    x1, y1, x2, y2 = box.xyxy
    return Box(label="person", score=box.score, xyxy=(x1 + 5, y1, x2 - 5, y2 - 20))


def as_wheeler(box: Box) -> Box:
    """A walker under whom a machine is seen that is not there."""
    x1, y1, x2, y2 = box.xyxy
    return Box(label="two_wheeler", score=box.score, xyxy=(x1 - 5, y1, x2 + 5, y2 + 10))


def every(nth: int, seen: Sequence[Instant], change: Callable[[Box], Box]) -> list[Instant]:
    """The scene with the boxes of every nth frame changed."""
    return [
        (at_s, boxes if number % nth < nth - 1 else tuple(change(box) for box in boxes))
        for number, (at_s, boxes) in enumerate(seen)
    ]


def tracks(seen: Sequence[Instant]) -> list[Track]:
    found: dict[str, Track] = {}
    state = TrackerState()
    for frame in timed(seen):
        _, state = track(state, [frame], TrackSettings())
        found |= {one.track_id: one for one in state.tracks if one.established}
    return list(found.values())


def measured(seen: list[Instant]) -> tuple[VehiclesCounted, CrowdMeasured]:
    profile = Profile(analytics=("vehicle", "crowd"))
    (vehicles,), _ = facts_of(VehiclesCounted, [clip_of(seen)], profile)
    (crowd,), _ = facts_of(CrowdMeasured, [clip_of(seen)], profile)
    return vehicles, crowd


def test_a_rider_whose_machine_hides_now_and_then_stays_one_two_wheeler() -> None:
    seen = every(3, instants([RIDER], seconds=6), as_rider)
    (one,) = tracks(seen)
    assert (one.kind, one.label) == ("vehicle", "two_wheeler")


def test_and_is_no_pedestrian_to_the_crowd_once_it_is_known() -> None:
    seen = every(3, instants([RIDER], seconds=6), as_rider)
    vehicles, crowd = measured(seen)
    assert [(one.label, one.count) for one in vehicles.appeared] == [("two_wheeler", 1)]
    assert (vehicles.present_max, crowd.people_max) == (1, 0)
    assert crowd.people_mean <= 1 / 30  # the first time, before anything was known


def test_a_walker_who_looks_like_a_rider_for_a_moment_stays_a_walker() -> None:
    seen = every(4, instants([WALKER], seconds=8), as_wheeler)
    (one,) = tracks(seen)
    assert (one.kind, one.label) == ("person", "person")
    vehicles, crowd = measured(seen)
    assert vehicles.appeared == ()
    assert (vehicles.present_max, crowd.people_max) == (0, 1)


def test_somebody_whose_machine_is_seen_late_turns_out_to_be_a_rider() -> None:
    seen = instants([RIDER], seconds=8)
    late = [(at_s, tuple(as_rider(box) for box in boxes) if at_s < 3 else boxes) for at_s, boxes in seen]
    (one,) = tracks(late)
    assert (one.kind, one.label, one.hits) == ("vehicle", "two_wheeler", 40)


def test_a_walker_before_a_parked_machine_is_no_rider_of_it() -> None:
    parked = Mover(300, 310, label="motorcycle", width=60, height=50)
    found = tracks(instants([Mover(200, 300, vx=30, label="person", width=30, height=80), parked], seconds=7))
    assert sorted(one.label for one in found) == ["motorcycle", "person"]


def test_a_rider_and_a_walker_who_meet_keep_what_they_are() -> None:
    walker = Mover(400, 300, vx=-25, label="person", width=30, height=80)
    found = tracks(instants([RIDER, walker], seconds=8))
    assert sorted(one.label for one in found) == ["person", "two_wheeler"]
