"""Where the packets say that nothing moved, nothing is decoded; and nothing that a look would have kept is missed."""

import io
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from civicam.runtime.decoding import Clip
from civicam.runtime.sandbox import sample_footage
from civicam.vision.admission import DEFAULT_LIMITS
from civicam.vision.sampling import MotionGate, Plan, Timeline, plan_samples
from civicam.vision.stillness import Stretches, still_samples
from tests.fakes.footage import START, Picture, clip, passing, still

pytestmark = pytest.mark.unit
SECONDS, RATE = 10, 25


def timeline(predicted: Sequence[int], key: int = 50_000) -> Timeline:
    """A clip with a key frame a second whose predicted frames have these sizes, repeated."""
    count = SECONDS * RATE
    sizes = np.resize(np.array(predicted, np.int64), count)
    keyframes = np.arange(count) % RATE == 0
    return Timeline(np.arange(count) / RATE, keyframes, float(SECONDS), np.where(keyframes, key, sizes))


def changed(sizes: Timeline, begin: int, end: int, size: int) -> Timeline:
    louder = sizes.sizes.copy()
    louder[begin:end] = np.where(sizes.keyframes[begin:end], louder[begin:end], size)
    return Timeline(sizes.times, sizes.keyframes, sizes.duration_s, louder)


def seconds(sizes: Timeline) -> Plan:
    return plan_samples(sizes, START, 1.0)


def passed_over(sizes: Timeline, agrees: bool = True) -> tuple[list[int], list[int]]:
    """Places of the plan that are not decoded, and the key frames that were looked at for it."""
    plan, looked = seconds(sizes), list[int]()

    def look(keyframe: int) -> bool:
        looked.append(keyframe)
        return agrees

    stretches = Stretches(sizes, plan)
    return [place for place in range(len(plan.indices)) if stretches.pass_over(place, look)], looked


def test_a_still_clip_is_decoded_at_its_beginning_and_at_its_last_key_frame() -> None:
    assert passed_over(timeline([300, 320, 280])) == (list(range(1, 10)), [225])


def test_what_moves_for_half_a_second_is_looked_at_from_both_sides() -> None:
    # From 3.6 s to 3.9 s: the sample at 4 s is the first that could show it.
    loud = changed(timeline([300]), 90, 97, 2000)
    assert np.flatnonzero(~still_samples(loud, seconds(loud))).tolist() == [0, 4]


def test_what_begins_to_move_at_a_key_frame_is_seen_in_the_key_frame() -> None:
    loud = changed(timeline([300]), 101, 110, 2000)
    assert not still_samples(loud, seconds(loud))[4]


def test_predicted_frames_of_two_kinds_are_quiet_together() -> None:
    assert still_samples(timeline([900, 120, 110]), seconds(timeline([900, 120, 110])))[1:].all()


@pytest.mark.parametrize("predicted", [[10_000], [2_600], [50_000]])
def test_an_encoder_that_fills_up_its_bit_rate_is_not_believed(predicted: list[int]) -> None:
    assert passed_over(timeline(predicted)) == ([], [])


def test_traffic_that_never_ends_is_not_taken_for_quiet() -> None:
    assert passed_over(timeline([4000, 7000, 5000])) == ([], [])


def test_what_moves_without_a_sound_is_found_by_the_last_look_and_then_everything_is_decoded() -> None:
    assert passed_over(timeline([300]), agrees=False) == ([], [225])


def test_pictures_and_clips_without_predicted_frames_are_all_decoded() -> None:
    every = np.ones(20, np.bool_)
    alone = Timeline(np.arange(20) / 2, every, 10.0, np.full(20, 9000, np.int64))
    series = Timeline(np.arange(20) / 2, every, 10.0)
    assert not still_samples(alone, seconds(alone)).any()
    assert not still_samples(series, seconds(series)).any()


def test_a_minute_is_looked_at_more_than_twice() -> None:
    count = 60 * RATE
    keyframes = np.arange(count) % RATE == 0
    long = Timeline(np.arange(count) / RATE, keyframes, 60.0, np.where(keyframes, 50_000, 300))
    _, looked = passed_over(long)
    assert len(looked) >= 6


ENCODERS = {
    "H.264": ("libx264", {"preset": "veryfast", "bf": "0"}),
    "H.264 with B-frames": ("libx264", {"preset": "veryfast", "bf": "3"}),
    "H.264 at a constant bit rate": (
        "libx264",
        {"preset": "ultrafast", "x264-params": "nal-hrd=cbr:bitrate=900:vbv-maxrate=900:vbv-bufsize=900"},
    ),
    "H.265": ("libx265", {"preset": "ultrafast", "x265-params": "log-level=none"}),
}


def pixel_gate(raw: bytes, fps: float) -> list[int]:
    """The samples that the gate keeps when every one of them is decoded."""
    film = Clip(io.BytesIO(raw), DEFAULT_LIMITS)
    plan = plan_samples(film.timeline, START, fps)
    gate = MotionGate(START, plan.spacing_s)
    looked = ((index, film.picture(index, alone=plan.keyframes_only)) for index in plan.indices)
    return [
        index for index, picture in looked if picture and gate.keeps(picture.luma(), float(film.timeline.times[index]))
    ]


def kept(raw: bytes, fps: float) -> list[int]:
    return [frame.index for frame in sample_footage(raw, "video/mp4", START, fps=fps).frames]


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("fps", [1.0, 5.0])
def test_a_passage_is_kept_as_if_every_sample_had_been_decoded(encoder: str, fps: float) -> None:
    codec, options = ENCODERS[encoder]
    raw = clip(passing(200, begin=60, end=80), codec=codec, options=options)
    assert kept(raw, fps) == pixel_gate(raw, fps)


def real(file: Path, first: int, count: int) -> list[Picture]:
    with av.open(str(file)) as source:
        frames = islice(source.decode(video=0), first, first + count)
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


@pytest.mark.needs_clips
@pytest.mark.parametrize("encoder", ENCODERS)
def test_real_visitors_are_kept_as_if_every_sample_had_been_decoded(clip_mirror: Path, encoder: str) -> None:
    codec, options = ENCODERS[encoder]
    room = real(clip_mirror / "one-by-one-person-detection.mp4", 380, 200)  # empty, then somebody comes in
    raw = clip(room, fps=10, gop=10, codec=codec, options=options)
    for fps in (1.0, 5.0):
        assert set(kept(raw, fps)) >= set(pixel_gate(raw, fps))


def test_a_still_scene_decodes_two_key_frames_of_ten() -> None:
    raw = clip(still(250), options={"preset": "veryfast", "sc_threshold": "0"})
    film = Clip(io.BytesIO(raw), DEFAULT_LIMITS)
    places, looked = passed_over(film.timeline)
    assert (places, looked) == (list(range(1, 10)), [225])
