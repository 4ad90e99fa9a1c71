"""Which frames are looked at: the grid of absolute time, and the gate that drops what did not move."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.vision.sampling import MotionGate, Timeline, coverage, plan_every_frame, plan_samples, small
from tests.fakes.footage import Picture, passing, still

pytestmark = pytest.mark.unit
START = datetime(2026, 11, 24, 10, 45, tzinfo=UTC)
RATES = st.sampled_from([0.5, 1.0, 2.0, 5.0, 8.0])


def steady(count: int, fps: float, *, every_key: int = 10_000) -> Timeline:
    times = np.arange(count) / fps
    return Timeline(times, np.arange(count) % every_key == 0, count / fps)


def luma(picture: Picture) -> Picture:
    return np.asarray(picture.mean(axis=2), dtype=np.uint8)


def kept(pictures: list[Picture], *, every_s: float = 0.2, start: datetime = START) -> list[int]:
    gate = MotionGate(start, every_s)
    return [index for index, picture in enumerate(pictures) if gate.keeps(luma(picture), index * every_s)]


def test_samples_are_the_first_frames_at_or_after_each_grid_instant() -> None:
    plan = plan_samples(steady(30, 12.5), START, 5.0)
    assert [round(index / 12.5, 2) for index in plan.indices[:5]] == [0.0, 0.24, 0.4, 0.64, 0.8]


def test_the_grid_stands_still_when_the_clip_starts_between_two_instants() -> None:
    plan = plan_samples(steady(25, 25.0), START + timedelta(milliseconds=120), 5.0)
    assert plan.indices == (2, 7, 12, 17, 22)


@given(rate=RATES, source=st.sampled_from([8.0, 10.0, 12.5, 25.0]), cut=st.integers(1, 249))
def test_a_cut_clip_samples_the_instants_of_the_whole_one(rate: float, source: float, cut: int) -> None:
    whole = plan_samples(steady(250, source), START, rate).indices
    first = plan_samples(steady(cut, source), START, rate).indices
    second = plan_samples(steady(250 - cut, source), START + timedelta(seconds=cut / source), rate).indices
    joined = [*first, *(index + cut for index in second)]
    # A piece in which no grid instant lies gives its first frame all the same: it must not look empty.
    assert set(whole) <= set(joined)
    assert len(joined) <= len(whole) + 2


@given(
    gaps=st.lists(st.floats(0.001, 3.0), min_size=1, max_size=80),
    rate=RATES,
    offset_ms=st.integers(0, 10_000),
)
def test_any_footage_gives_at_most_one_sample_a_grid_cell_and_at_least_one_in_all(
    gaps: list[float], rate: float, offset_ms: int
) -> None:
    times = np.concatenate(([0.0], np.cumsum(gaps)))
    start = START + timedelta(milliseconds=offset_ms)
    plan = plan_samples(Timeline(times, times == 0.0, float(times[-1]) + 1), start, rate)
    cells = np.floor((times[list(plan.indices)] + start.timestamp() + 0.002) * rate)
    assert len(plan.indices) >= 1
    assert len(set(cells)) == len(cells)
    assert list(plan.indices) == sorted(set(plan.indices))


def test_key_frames_alone_are_decoded_where_they_lie_densely_enough() -> None:
    assert plan_samples(steady(250, 25.0, every_key=25), START, 1.0).keyframes_only
    assert plan_samples(steady(250, 25.0, every_key=25), START, 1.0).indices == tuple(range(0, 250, 25))


@pytest.mark.parametrize("every_key", [26, 50, 10_000])
def test_sparse_key_frames_do_not_lower_the_rate(every_key: int) -> None:
    plan = plan_samples(steady(250, 25.0, every_key=every_key), START, 1.0)
    assert not plan.keyframes_only
    assert plan.indices == tuple(range(0, 250, 25))


def test_a_source_slower_than_the_grid_gives_every_frame_once() -> None:
    plan = plan_samples(Timeline(np.arange(0.0, 60.0, 12.0), np.ones(5, dtype=np.bool_), 60.0), START, 5.0)
    assert plan.indices == (0, 1, 2, 3, 4)
    assert plan.spacing_s == 12.0


def test_every_frame_means_every_frame() -> None:
    assert plan_every_frame(steady(9, 25.0)).indices == tuple(range(9))


def test_coverage_is_whole_when_samples_follow_each_other_and_falls_by_a_gap() -> None:
    assert coverage(np.linspace(0.0, 9.8, 50), 10.0, 0.2) == pytest.approx(1.0)
    two_stretches = np.concatenate((np.linspace(0.0, 4.8, 25), np.linspace(25.0, 29.8, 25)))
    assert coverage(two_stretches, 30.0, 0.2) == pytest.approx(10 / 30, abs=0.01)
    assert coverage(np.array([]), 10.0, 0.2) == 0.0


def test_a_still_scene_keeps_one_frame_in_spite_of_noise() -> None:
    assert kept(still(100)) == [0]


def test_what_passes_is_kept_while_it_moves_and_a_little_longer() -> None:
    assert kept(passing(60, begin=20, end=30)) == [0, *range(21, 33)]


def test_what_has_parked_is_in_the_last_kept_frame_where_it_stands() -> None:
    pictures = passing(60, begin=20, end=30)
    last = kept(pictures)[-1]
    assert (small(luma(pictures[last])) - small(luma(pictures[-1]))).max() < 12


def test_what_creeps_slower_than_the_gate_sees_from_frame_to_frame_is_seen_at_the_next_mark() -> None:
    street = still(100)
    for index, picture in enumerate(street):
        picture[40:72, 40:72] = np.minimum(250, picture[40:72, 40:72].astype(np.int16) + index)
    found = kept(street)
    assert 0 < len(found) - 1 <= 10
    assert all(index % 10 == 0 for index in found), "marks lie two seconds apart, ten frames at 5 fps"


@pytest.mark.parametrize("cut", [1, 7, 19, 20, 21, 25, 29, 30, 31, 32, 33, 40, 59])
def test_the_gate_of_a_cut_clip_agrees_with_the_whole_but_for_the_first_frames(cut: int) -> None:
    pictures = passing(60, begin=20, end=30)
    whole = {index for index in kept(pictures) if index >= cut}
    piece = {index + cut for index in kept(pictures[cut:], start=START + timedelta(seconds=cut * 0.2))}
    assert piece ^ whole <= {cut, cut + 1, cut + 2}


def test_what_stopped_is_seen_where_it_stands_in_two_more_frames_of_five_a_second_and_in_none_of_one() -> None:
    pictures = passing(9, begin=2, end=4)
    assert kept(pictures, every_s=0.2) == [0, 3, 4, 5, 6]
    assert kept(pictures, every_s=1.0) == [0, 3, 4]


def test_what_moved_since_a_mark_and_stands_is_not_kept_once_more_at_the_next() -> None:
    assert kept(passing(9, begin=2, end=5), every_s=1.0) == [0, 3, 4, 5]


def test_a_picture_of_one_pixel_and_a_change_of_size_do_not_break_the_gate() -> None:
    gate = MotionGate(START, 0.2)
    sizes = [(1, 1), (1, 1), (9, 9), (720, 1280)]
    assert [gate.keeps(np.zeros(size, dtype=np.uint8), float(n)) for n, size in enumerate(sizes)] == [
        True,
        False,
        True,
        True,
    ]
