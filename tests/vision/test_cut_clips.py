"""A clip, and the same clip cut in pieces as a recorder cuts it, are looked at in the same instants and pictures."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from civicam.runtime.sandbox import sample_footage
from civicam.vision.pack import Pack
from tests.fakes.footage import START, clip, passing, pieces

pytestmark = pytest.mark.unit
Instants = dict[float, bytes | None]


def sampled(raw: bytes, start: datetime, fps: float) -> Pack:
    return sample_footage(raw, "video/mp4", start, fps=fps)


def instants(pack: Pack, start: datetime) -> Instants:
    """Every sampled instant of absolute time to the millisecond, with its picture, or None where it was still."""
    at: Instants = {_moment(start, frame.time_s): frame.jpeg for frame in pack.frames}
    return at | {_moment(start, still.time_s): None for still in pack.manifest.still}


def cut(raw: bytes, fps: float) -> Instants:
    together: Instants = {}
    for begin_s, piece in pieces(raw):
        start = START + timedelta(milliseconds=int(begin_s * 1000))
        together |= instants(sampled(piece, start, fps), start)
    return together


def _moment(start: datetime, time_s: float) -> float:
    return round((start - START).total_seconds() + time_s, 2)


@pytest.mark.parametrize("fps", [5.0, 12.5])
def test_real_footage_cut_at_its_key_frames_gives_the_pictures_of_the_whole(bikes: Path, fps: float) -> None:
    whole = instants(sampled(bikes.read_bytes(), START, fps), START)
    assert cut(bikes.read_bytes(), fps) == whole
    assert len(whole) == 10 * fps


def test_a_piece_too_short_for_the_grid_gives_one_frame_more_and_nothing_else_changes(bikes: Path) -> None:
    whole, parts = instants(sampled(bikes.read_bytes(), START, 2.0), START), cut(bikes.read_bytes(), 2.0)
    assert set(parts) - set(whole) == {9.68}, "the last piece lasts 0.32 s"
    assert whole.items() <= parts.items()


def test_key_frames_alone_are_the_same_key_frames_in_every_piece() -> None:
    raw = clip(passing(150), gop=25)
    assert cut(raw, 1.0) == instants(sampled(raw, START, 1.0), START)


def test_a_piece_that_is_still_looks_once_more_and_otherwise_agrees() -> None:
    raw = clip(passing(200, begin=10, end=60), gop=50)
    whole, parts = instants(sampled(raw, START, 5.0), START), cut(raw, 5.0)
    assert set(parts) == set(whole)
    differing = {moment for moment in whole if (whole[moment] is None) != (parts[moment] is None)}
    assert differing <= {0.0, 2.0, 4.0, 6.0}, "only the first frame of a piece may be kept besides"


@pytest.mark.needs_clips
def test_cars_are_seen_in_the_same_instants_whole_and_cut(clip_mirror: Path) -> None:
    raw = (clip_mirror / "car-detection.mp4").read_bytes()
    whole, parts = instants(sampled(raw, START, 5.0), START), cut(raw, 5.0)
    assert set(parts) == set(whole)
    assert all(parts[moment] == picture for moment, picture in whole.items() if picture is not None)
