"""How a replay is cut into batches, what it would take, and which rules it judges by."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.contracts.cameras import Profile
from civicam.contracts.replay import Batch, Overrides, ReplayWish
from civicam.vision.judging import MAX_GAP
from civicam.vision.replaying import (
    BATCH_SECONDS,
    JUDGED_CLIP_SECONDS,
    MOST_WORK,
    Span,
    Tally,
    Work,
    batches,
    overridden,
    run_id,
)

pytestmark = pytest.mark.unit

CAMERA = "01JD8K3V4N0000000000000001"
START = datetime(2026, 11, 24, 1, tzinfo=UTC)
HEAVY = Work(per_second=10.0)


def spans(*seconds_and_gaps: tuple[float, float]) -> list[Span]:
    """Clips so long, each so long after the end of the one before."""
    at, found = START, []
    for seconds, gap in seconds_and_gaps:
        at += timedelta(seconds=gap)
        found.append(Span(at, at + timedelta(seconds=seconds)))
        at = found[-1].end
    return found


def cut(clips: Sequence[Span], work: Work = HEAVY) -> list[Batch]:
    return list(batches(CAMERA, clips, work, 7))


def test_a_batch_ends_at_the_first_gap_once_it_is_full() -> None:
    """Each clip is a hundred seconds' work: the seventh comes after a gap, and six are enough."""
    clips = spans(*[(10, 0)] * 6, (10, 5), (10, 0))
    assert [batch.clips for batch in cut(clips)] == [6, 2]


def test_footage_without_a_gap_is_cut_all_the_same() -> None:
    found = cut(spans(*[(10, 0)] * 30))
    assert [batch.clips for batch in found] == [12 if MOST_WORK == 1200 else 0, 12, 6]
    assert [batch.batch for batch in found] == [7, 8, 9]


def test_stored_boxes_are_judged_far_more_at_a_time() -> None:
    assert [batch.clips for batch in cut(spans(*[(10, 0)] * 400), Work.of(5, []))] == [400]


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 10)), max_size=80),
    st.floats(0, 20, allow_nan=False),
)
def test_every_clip_is_in_one_batch_and_no_batch_is_without_bounds(
    told: list[tuple[int, int]], per_second: float
) -> None:
    clips, work = spans(*told), Work(per_second)
    found = cut(clips, work)
    for clip in clips:
        assert sum(batch.start <= clip.start < batch.end for batch in found) == 1
    assert sum(batch.clips for batch in found) == len(clips)
    heaviest = max((work.on(clip) for clip in clips), default=0)
    for batch in found:
        assert batch.clips * JUDGED_CLIP_SECONDS + batch.clip_seconds * per_second <= MOST_WORK + heaviest + 1e-6
    for before, after in pairwise(found):
        whole = before.clips * JUDGED_CLIP_SECONDS + before.clip_seconds * per_second
        last = max(clip.end for clip in clips if clip.start < before.end)
        assert whole >= (BATCH_SECONDS if after.start - last > MAX_GAP else MOST_WORK) - 1e-6


def test_the_estimate_grows_with_the_footage_and_names_its_prices() -> None:
    """An hour of footage at one frame a second by a model of 50 ms: 0.07 CPU seconds for each of its seconds."""
    work, tally = Work.of(1.0, [50.0]), Tally()
    for batch in batches(CAMERA, spans(*[(10, 0)] * 360), work, 0):
        tally.add(batch, work)

    estimate = tally.estimate()

    assert (estimate.clips, estimate.clip_seconds) == (360, 3600)
    assert estimate.cpu_seconds == pytest.approx(3600 * 0.07 + 360 * JUDGED_CLIP_SECONDS)
    assert estimate.vcpu_hours == pytest.approx((estimate.cpu_seconds + 45 * tally.batches) / 3600, abs=1e-3)
    assert 0.005 < estimate.usd < 0.05
    assert estimate.prices_of.startswith("ap-southeast-1")


def test_more_than_key_frames_and_a_slower_model_take_more() -> None:
    assert Work.of(1, [50]).per_second < Work.of(1, [150]).per_second < Work.of(5, [150]).per_second
    assert Work.of(5, []).per_second == 0


def test_a_replay_lays_its_parameters_over_the_cameras_own() -> None:
    own = Profile(parameters={"vehicle": {"clear_sizes": 1.0, "clear_px": 3.0}, "crowd": {}})
    laid = overridden(own, Overrides(parameters={"vehicle": {"clear_sizes": 2.0}}))
    assert laid.parameters == {"vehicle": {"clear_sizes": 2.0, "clear_px": 3.0}, "crowd": {}}
    assert own.parameters["vehicle"]["clear_sizes"] == 1.0


def test_ids_of_replays_sort_by_time_and_may_stand_in_keys() -> None:
    wish = ReplayWish(start=START, end=START + timedelta(hours=1))
    ids = [run_id(wish, START + timedelta(seconds=n)) for n in range(3)]
    assert ids == sorted(set(ids))
    assert all(set(one) <= set("0123456789abcdeft-") for one in ids)


def test_a_stretch_of_time_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="`end` must be after `start`"):
        ReplayWish(start=START, end=START)
