"""Cutting at keyframes: every picture once, in order, unchanged; and a stamp that makes clips differ."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import av
import pytest

from civicam.contracts.errors import Rejected
from civicam.runtime.segmenting import Segment, segments, stamped
from tests.cameras.conftest import AT, PULLED, PUSHING
from tests.fakes.footage import clip, passing, sound

pytestmark = pytest.mark.unit
FRAMES, FPS, GOP = 110, 25, 25


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4.4 s with a keyframe each second, and B-frames between."""
    path = tmp_path_factory.mktemp("recording") / "street.mp4"
    options = {"preset": "medium", "bf": "2", "sc_threshold": "0"}
    path.write_bytes(clip(passing(FRAMES), fps=FPS, gop=GOP, options=options))
    return path


def pictures(body: bytes) -> list[tuple[float, bytes]]:
    with av.open(BytesIO(body), "r") as opened:
        return [(float(frame.time or 0), frame.to_ndarray().tobytes()) for frame in opened.decode(video=0)]


def test_the_pieces_hold_each_picture_once_unchanged_at_its_time(recording: Path) -> None:
    whole = pictures(recording.read_bytes())
    cut = list(segments(recording, 1))
    assert [segment.start_s for segment in cut] == [0, 1, 2, 3, 4]
    pieced = [(segment.start_s + time, content) for segment in cut for time, content in pictures(segment.body)]
    assert [content for _, content in pieced] == [content for _, content in whole]
    assert [time for time, _ in pieced] == pytest.approx([time for time, _ in whole], abs=1e-6)


@pytest.mark.parametrize(("seconds", "starts"), [(0.1, [0, 1, 2, 3, 4]), (1.5, [0, 2, 4]), (3, [0, 3]), (60, [0])])
def test_a_piece_lasts_at_least_as_long_as_asked_and_ends_at_a_keyframe(
    recording: Path, seconds: float, starts: list[float]
) -> None:
    cut = list(segments(recording, seconds))
    assert [segment.start_s for segment in cut] == starts
    assert [segment.end_s for segment in cut] == pytest.approx([*starts[1:], FRAMES / FPS])


def test_a_part_of_a_recording_is_cut_from_keyframe_to_keyframe(recording: Path) -> None:
    (part,) = segments(recording, 10, start_s=1.0, end_s=2.999)
    assert (part.start_s, part.end_s) == pytest.approx((1, 3))
    assert len(pictures(part.body)) == 50


def test_the_same_stamp_makes_the_same_bytes_and_another_stamp_others(recording: Path) -> None:
    (first, *_) = segments(recording, 1)
    stamps = [(PUSHING, AT), (PUSHING, AT), (PUSHING, AT + timedelta(milliseconds=1)), (PULLED, AT)]
    made = [stamped(first.body, camera_id, at) for camera_id, at in stamps]
    assert made[0] == made[1]
    assert len(set(made)) == 3
    assert {tuple(pictures(body)) for body in made} == {tuple(pictures(first.body))}
    with av.open(BytesIO(made[0]), "r") as opened:
        assert opened.metadata["creation_time"].startswith("2026-11-24T10:45:30")
        assert opened.metadata["comment"] == f"{PUSHING} 2026-11-24T10:45:30.000Z"


def test_a_turned_recording_stays_turned(tmp_path: Path) -> None:
    path = tmp_path / "turned.mp4"
    path.write_bytes(clip(passing(10), rotation=90))
    (segment,) = segments(path, 1)
    for body in (segment.body, stamped(segment.body, PUSHING, AT)):
        with av.open(BytesIO(body), "r") as opened:
            assert abs(next(opened.decode(video=0)).rotation) == 90


@pytest.mark.parametrize(("name", "form", "codec"), [("a.mkv", "matroska", "libx264"), ("a.avi", "avi", "mpeg4")])
def test_other_containers_become_mp4(tmp_path: Path, name: str, form: str, codec: str) -> None:
    path = tmp_path / name
    path.write_bytes(clip(passing(50), form=form, codec=codec))
    cut = list(segments(path, 1))
    assert sum(len(pictures(segment.body)) for segment in cut) == 50
    assert all(isinstance(segment, Segment) and segment.body[4:8] == b"ftyp" for segment in cut)


@pytest.mark.parametrize("content", [b"", b"not a video", sound()])
def test_what_holds_no_video_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.mp4"
    path.write_bytes(content)
    with pytest.raises(Rejected) as refused:
        list(segments(path, 1))
    assert refused.value.reason == "not_a_video"
