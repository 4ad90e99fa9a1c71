"""Too much to look at: clips that waited long are looked at less often, the least important cameras first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.runtime.sandbox import sample
from civicam.runtime.sandbox_protocol import SampleRequest
from civicam.vision.pack import Pack
from civicam.vision.shedding import Priority, shed_fps
from tests.fakes.footage import START, clip, passing

pytestmark = pytest.mark.unit
PRIORITIES = st.sampled_from(("low", "normal", "high"))
RAW = clip(passing(250))


def shed(priority: Priority, waited_s: float) -> float:
    return shed_fps(4.0, 10.0, waited_s, priority)


def sampled(fps: float) -> Pack:
    return sample(RAW, SampleRequest(media_type="video/mp4", capture_start=START, fps=fps, asked_fps=4.0))


def test_who_does_not_wait_is_sampled_as_the_profile_asks() -> None:
    assert [shed(priority, 2.5) for priority in ("low", "normal", "high")] == [4.0, 4.0, 4.0]


def test_the_rate_halves_with_each_doubling_of_the_wait_and_ends_at_a_frame_a_clip() -> None:
    assert [shed("normal", wait) for wait in (5.9, 6, 12, 24, 240, 2400)] == [4.0, 2.0, 1.0, 0.1, 0.1, 0.1]


def test_low_gives_way_first_and_high_last() -> None:
    assert [shed(priority, 9.0) for priority in ("low", "normal", "high")] == [1.0, 2.0, 4.0]


@given(PRIORITIES, st.floats(0.05, 25), st.floats(0.5, 600), st.floats(-5, 1e6), st.floats(0, 1e6))
def test_a_longer_wait_never_raises_the_rate_and_every_clip_keeps_a_frame(
    priority: Priority, fps: float, length_s: float, wait_s: float, longer_s: float
) -> None:
    first, later = (shed_fps(fps, length_s, wait, priority) for wait in (wait_s, wait_s + longer_s))
    assert 0 < later <= first <= fps
    assert later * length_s >= min(fps * length_s, 1) - 1e-9


def test_a_clip_says_what_was_asked_and_what_was_done_and_covers_less() -> None:
    told = [sampled(fps).manifest.sampled for fps in (4.0, 2.0, 1.0, 0.1)]
    assert [one.asked_fps for one in told] == [4.0] * 4
    assert [one.sampling_fps for one in told] == [4.0, 2.0, 1.0, 0.1]
    assert [one.coverage for one in told] == pytest.approx([1.0, 0.75, 0.375, 0.0375], abs=0.02)
    assert [one.frames for one in told] == [40, 20, 10, 1]
