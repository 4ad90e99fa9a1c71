"""Four cars pass a car park, two up and two down: counted so from real pixels, however the footage arrives."""

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from civicam.contracts.cameras import Profile
from civicam.contracts.geometry import Line
from civicam.contracts.vision import ClipBoxes
from civicam.runtime.detector import Detector
from civicam.runtime.network import OnnxNetwork
from civicam.runtime.sandbox import sample_footage
from civicam.runtime.segmenting import segments
from civicam.vision.catalogue import load_catalogue
from tests.fakes.judgements import Bench
from tests.fakes.scenes import START, Instant, SceneClip, clip_of, cut

pytestmark = [pytest.mark.unit, pytest.mark.needs_clips, pytest.mark.needs_models]

FPS = 5.0
LINE = Line(line_id="middle", points=((0, 216), (767, 216)))
TRUTH = Counter({("middle", "backward", "car"): 2, ("middle", "forward", "car"): 2, ("appeared", "car"): 4})


@pytest.fixture(scope="module")
def seen(clip_mirror: Path, model_mirror: Path) -> list[Instant]:
    """What the model for cameras that look straight down sees in car-detection.mp4, five times a second."""
    model = load_catalogue().model("crossroad-0078")
    pack = sample_footage(clip_mirror / "car-detection.mp4", "video/mp4", START, fps=FPS)
    boxes: ClipBoxes = Detector(model, OnnxNetwork(model, (model_mirror / model.file).read_bytes())).detect(
        "car-park", pack
    )
    return [(frame.time_s, tuple(filter(boxes.counts, frame.boxes))) for frame in boxes.seen()]


def counted(clips: list[SceneClip]) -> Bench:
    bench = Bench(Profile(lines=(LINE,)))
    for clip in clips:
        bench.take(clip)
    return bench


def pieces(seen: list[Instant]) -> list[SceneClip]:
    return cut(seen, range(3, 30, 3), FPS)


def test_the_whole_clip(seen: list[Instant]) -> None:
    assert counted([clip_of(seen, fps=FPS)]).sums() == TRUTH


def test_cut_in_clips_of_three_seconds(seen: list[Instant]) -> None:
    bench = counted(pieces(seen))
    assert bench.sums() == TRUTH
    assert bench.table[max(bench.table)].after == next(iter(counted([clip_of(seen, fps=FPS)]).table.values())).after


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_and_doubled(seen: list[Instant], seed: int) -> None:
    clips = pieces(seen) * 2
    random.Random(seed).shuffle(clips)
    assert counted(clips).sums() == TRUTH


def test_one_clip_late(seen: list[Instant]) -> None:
    for late in pieces(seen):
        others = [clip for clip in pieces(seen) if clip.detected != late.detected]
        assert counted([*others, late]).sums() == TRUTH


def test_when_the_cars_cross(seen: list[Instant]) -> None:
    """Up at about frames 82 and 210, down at about 205 and 333, of 12.5 a second; the foot is behind or before."""
    bench = counted(cut(seen, range(1, 30), FPS))
    crossed = [
        (judgement.clip.footage.capture_start - START, crossing.direction)
        for _, judgement in sorted(bench.table.items())
        for event in judgement.facts
        for crossing in getattr(event.data, "crossings", ())
    ]
    assert sorted(direction for _, direction in crossed) == ["backward", "backward", "forward", "forward"]
    about = {"backward": [82 / 12.5, 210 / 12.5], "forward": [205 / 12.5, 333 / 12.5]}
    for direction, seconds in about.items():
        found = [at / timedelta(seconds=1) for at, told in crossed if told == direction]
        assert all(abs(one - other) < 1.7 for one, other in zip(found, seconds, strict=True))


@pytest.fixture(scope="module")
def recorded(clip_mirror: Path, model_mirror: Path) -> list[SceneClip]:
    """The file as a recorder cuts it, at keyframes three seconds apart or more: each piece decoded and seen alone."""
    model = load_catalogue().model("crossroad-0078")
    detector, clips = Detector(model, OnnxNetwork(model, (model_mirror / model.file).read_bytes())), []
    for piece in segments(clip_mirror / "car-detection.mp4", 3.0):
        start = timedelta(seconds=piece.start_s)
        boxes = detector.detect("piece", sample_footage(piece.body, "video/mp4", START + start, fps=FPS))
        seen = [(piece.start_s + one.time_s, tuple(filter(boxes.counts, one.boxes))) for one in boxes.seen()]
        clips.append(clip_of(seen, piece.start_s, piece.end_s, FPS))
    return clips


def test_the_file_cut_at_its_keyframes_shuffled_doubled_and_one_piece_late(recorded: list[SceneClip]) -> None:
    assert len(recorded) > 5
    assert counted(recorded).sums() == TRUTH
    shuffled = recorded * 2
    random.Random(7).shuffle(shuffled)
    assert counted(shuffled).sums() == TRUTH
    for late in range(len(recorded)):
        assert counted([*recorded[:late], *recorded[late + 1 :], recorded[late]]).sums() == TRUTH
