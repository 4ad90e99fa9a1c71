"""Tracks: what is one object, from one frame to the next and from one clip to the next."""

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicam.contracts.vision import Box
from civicam.vision.tracking import track
from civicam.vision.tracks import TimedFrame, Track, TrackedFrame, TrackerState, TrackSettings
from tests.fakes.scenes import START_MS, Instant, Mover, instants, timed

pytestmark = pytest.mark.unit

RULES = TrackSettings()


def tracks(seen: Sequence[Instant]) -> list[Track]:
    """Every established track of a scene, in the order of birth, as it last was."""
    state = TrackerState()
    found: dict[str, Track] = {}
    for frame in timed(seen):
        _, state = track(state, [frame], RULES)
        found |= {one.track_id: one for one in state.tracks if one.established}
    return list(found.values())


def without(seen: Sequence[Instant], start_s: float, end_s: float) -> list[Instant]:
    """The scene with nothing seen in between."""
    return [(at_s, () if start_s <= at_s < end_s else boxes) for at_s, boxes in seen]


def test_one_car_is_one_track_named_after_its_birth() -> None:
    (car,) = tracks(instants([Mover(100, 300, vx=120)], seconds=6))
    assert car.track_id == f"{START_MS}-0"
    assert car.label == "car"
    assert car.speed[0] == pytest.approx(120, rel=0.05)


def test_what_flashes_up_is_no_track() -> None:
    assert not tracks(instants([Mover(100, 300, vx=120, until_s=0.3)], seconds=6))


def test_noise_that_stands_still_needs_more_than_a_moment() -> None:
    faint_sign = Mover(600, 300, score=0.62, until_s=4)
    assert not tracks(instants([faint_sign], seconds=5))


def test_a_parked_car_is_established_although_it_never_moves() -> None:
    assert len(tracks(instants([Mover(600, 300)], seconds=3))) == 1


@pytest.mark.parametrize("fps", [1, 2, 5, 12.5, 25])
def test_the_rate_changes_how_often_one_looks_not_what_one_counts(fps: float) -> None:
    cars = [Mover(0, 200, vx=90, since_s=1), Mover(1280, 400, vx=-80, since_s=3), Mover(640, 0, vy=60, since_s=5)]
    assert len(tracks(instants(cars, seconds=25, fps=fps))) == 3


@pytest.mark.parametrize("sizes_per_frame", [0.5, 0.9, 1.6])
def test_a_car_that_moves_further_than_its_length_between_frames_is_one_track(sizes_per_frame: float) -> None:
    length = (80 * 60) ** 0.5
    seen = instants([Mover(60, 300, vx=5 * length * sizes_per_frame)], seconds=2)
    assert len(tracks(seen)) == 1


def test_the_nearer_of_two_fast_cars_is_not_taken_for_the_other() -> None:
    convoy = [Mover(0, 300, vx=280, since_s=second) for second in (0, 0.8, 1.6, 2.4, 3.2)]
    assert len(tracks(instants(convoy, seconds=8))) == 5


def test_faint_boxes_hold_a_track_through_an_occlusion() -> None:
    car, hidden = Mover(100, 300, vx=60), (2.0, 5.0)
    strong = instants([car], seconds=9)
    faint = [
        (
            at_s,
            tuple(box.model_copy(update={"score": 0.2}) for box in boxes) if hidden[0] <= at_s < hidden[1] else boxes,
        )
        for at_s, boxes in strong
    ]
    assert len(tracks(faint)) == 1
    assert len(tracks(without(strong, *hidden))) == 2


def test_faint_boxes_alone_start_nothing() -> None:
    assert not tracks(instants([Mover(100, 300, vx=60, score=0.3)], seconds=8))


def test_a_track_is_found_again_where_it_was_going() -> None:
    seen = instants([Mover(100, 300, vx=100)], seconds=8)
    assert len(tracks(without(seen, 2.0, 3.8))) == 1


def test_car_and_truck_by_turns_is_one_track_with_the_label_most_seen() -> None:
    lorry = instants([Mover(100, 300, vx=100)], seconds=6)
    flickering = [
        (at_s, tuple(box.model_copy(update={"label": "truck" if n % 3 else "car"}) for box in boxes))
        for n, (at_s, boxes) in enumerate(lorry)
    ]
    (one,) = tracks(flickering)
    assert one.label == "truck"


def test_a_person_before_a_car_is_no_part_of_it() -> None:
    person = Mover(300, 300, vx=20, label="person", width=30, height=60)
    found = tracks(instants([Mover(300, 300, vx=20), person], seconds=4))
    assert sorted(one.kind for one in found) == ["person", "vehicle"]


def test_at_one_frame_a_second_a_lorry_and_a_motorcycle_that_change_places_are_told_apart_by_size() -> None:
    lorry = Mover(300, 300, vx=200, label="truck", width=120, height=90)
    rider = Mover(500, 420, vx=-200, label="motorcycle", width=42, height=75)
    tracked, _ = track(TrackerState(), timed(instants([lorry, rider], seconds=2, fps=1)), RULES)
    named = [{one.box.label: one.track_id for one in frame.sightings} for frame in tracked]
    assert len({*named[0].values()}) == 2
    assert named[0] == named[1]


def test_two_cars_that_meet_keep_their_names() -> None:
    meeting = [Mover(200, 300, vx=100), Mover(1000, 340, vx=-100)]
    found = tracks(instants(meeting, seconds=7))
    assert [one.speed[0] > 0 for one in found] == [True, False]


def test_the_same_object_boxed_twice_starts_one_track() -> None:
    twins = [Mover(100, 300, vx=80), Mover(103, 301, vx=80, label="truck", score=0.7)]
    assert len(tracks(instants(twins, seconds=4))) == 1


def test_no_more_tracks_live_than_the_bound() -> None:
    rules = RULES.model_copy(update={"tracks_max": 20})
    crowd = [Mover(20 + 40 * (n % 30), 60 + 90 * (n // 30), label="person", width=20, height=50) for n in range(90)]
    _, state = track(TrackerState(), timed(instants(crowd, seconds=3)), rules)
    assert len(state.tracks) == 20


def test_frames_that_were_looked_at_before_change_nothing() -> None:
    frames = timed(instants([Mover(100, 300, vx=60)], seconds=4))
    _, once = track(TrackerState(), frames, RULES)
    again, twice = track(once, frames[5:], RULES)
    assert again == ()
    assert twice == once


def test_a_picture_every_twelve_seconds_makes_no_tracks() -> None:
    assert not tracks(instants([Mover(100, 300, vx=5), Mover(600, 500)], seconds=120, fps=1 / 12))


def test_states_are_kept_in_thousandths_so_that_they_stay_short() -> None:
    seen = instants([Mover(100.123456, 300.654321, vx=77.777777, vy=3.333333)], seconds=3)
    (car,) = tracks(seen)
    numbers = [*car.centre, *car.speed, *car.size, *car.spread]
    assert numbers == [round(number, 3) for number in numbers]


def shaken(movers: Sequence[Mover], chance: random.Random, fps: float) -> list[TimedFrame]:
    """A scene as a real detector sees it: boxes tremble, some are missed, some are not there."""

    def tremble(box: Box) -> Box:
        corners = tuple(round(value + chance.gauss(0, 2), 2) for value in box.xyxy)
        return box.model_copy(update={"xyxy": corners, "score": round(chance.uniform(0.2, 1), 4)})

    seen = instants(movers, seconds=8, fps=fps)
    return timed([(at_s, tuple(tremble(box) for box in boxes if chance.random() > 0.15)) for at_s, boxes in seen])


movers = st.builds(
    Mover,
    x=st.floats(0, 1280),
    y=st.floats(0, 720),
    vx=st.floats(-400, 400),
    vy=st.floats(-300, 300),
    since_s=st.floats(0, 4),
    label=st.sampled_from(["car", "truck", "person", "two_wheeler"]),
    width=st.floats(20, 200),
    height=st.floats(20, 200),
)


@settings(max_examples=40, deadline=None)
@given(
    things=st.lists(movers, max_size=6),
    seed=st.integers(0, 1000),
    fps=st.sampled_from([1.0, 3.0, 5.0, 12.5]),
    shares=st.lists(st.floats(0, 1), max_size=5),
)
def test_tracked_in_pieces_through_json_is_tracked_whole_bit_for_bit(
    things: list[Mover], seed: int, fps: float, shares: list[float]
) -> None:
    frames = shaken(things, random.Random(seed), fps)
    whole, end = track(TrackerState(), frames, RULES)
    borders = sorted({0, len(frames), *(int(share * len(frames)) for share in shares)})
    pieces: list[TrackedFrame] = []
    state = TrackerState()
    for first, last in pairwise(borders):
        tracked, state = track(TrackerState.model_validate_json(state.model_dump_json()), frames[first:last], RULES)
        pieces += tracked
    assert tuple(pieces) == whole
    assert state == end
    assert state.model_dump_json() == end.model_dump_json()
