"""Footage that cannot be used: each kind gets its reason, whoever sends it, and nothing breaks."""

import io
import os
import zipfile
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civicam.contracts.errors import Rejected, Unavailable
from civicam.runtime.sandbox import sample, sample_footage
from civicam.runtime.sandbox_protocol import SampleRequest
from civicam.vision.admission import DEFAULT_LIMITS, Limits, Reason
from civicam.vision.pack import Pack
from tests.fakes.footage import (
    PLAYLIST,
    START,
    clip,
    flipped,
    jpeg,
    mp4_media,
    named,
    passing,
    scene,
    series,
    sound,
    still,
)

pytestmark = pytest.mark.unit
SERIES = "application/zip"
FORMS = {
    "video/mp4": ("mp4", "libx264"),
    "video/x-msvideo": ("avi", "mpeg4"),
    "video/x-matroska": ("matroska", "libx264"),
}


def refused(raw: bytes | Path, media_type: str = "video/mp4", *, limits: Limits = DEFAULT_LIMITS) -> Rejected:
    with pytest.raises(Rejected) as caught:
        sample_footage(raw, media_type, START, fps=5, limits=limits)
    return caught.value


@pytest.fixture(scope="module")
def good() -> bytes:
    return clip(passing(150))


def big() -> bytes:
    return clip([np.zeros((4320, 7680, 3), np.uint8)])


def cut_matroska() -> bytes:
    raw = clip(passing(250), form="matroska")
    return raw[: len(raw) // 2]


def cut_avi() -> bytes:
    return clip(passing(50), form="avi", codec="mpeg4")[:-9000]


@pytest.mark.parametrize(
    ("make", "media_type", "reason"),
    [
        (lambda: b"", "video/mp4", Reason.EMPTY),
        (lambda: os.urandom(5000), "video/mp4", Reason.NOT_A_VIDEO),
        (lambda: b"<html>404 Not Found</html>" * 40, "video/mp4", Reason.NOT_A_VIDEO),
        (lambda: jpeg(scene()), "video/mp4", Reason.NOT_A_VIDEO),
        (lambda: PLAYLIST, "video/mp4", Reason.PLAYLIST),
        (lambda: b"\xef\xbb\xbf\r\n" + PLAYLIST, "video/x-matroska", Reason.PLAYLIST),
        (lambda: b"ffconcat version 1.0\nfile /etc/passwd\n", "video/mp4", Reason.PLAYLIST),
        (lambda: b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>', "video/mp4", Reason.PLAYLIST),
        (sound, "video/mp4", Reason.NO_VIDEO_STREAM),
        (big, "video/mp4", Reason.TOO_BIG_PICTURE),
        (cut_matroska, "video/x-matroska", Reason.TRUNCATED),
        (cut_avi, "video/x-msvideo", Reason.TRUNCATED),
        (lambda: clip(passing(9), form="matroska"), "video/mp4", Reason.WRONG_TYPE),
        (lambda: clip(passing(9), codec="mpeg2video"), "video/mp4", Reason.UNKNOWN_CODEC),
        (lambda: b"PK\x03\x04" + os.urandom(500), SERIES, Reason.TRUNCATED),
        (lambda: b"just text", SERIES, Reason.NOT_A_SERIES),
        (lambda: series([("readme.txt", b"hello")]), SERIES, Reason.NOT_A_SERIES),
        (lambda: series([("../20261124T104500000Z.jpg", b"")]), SERIES, Reason.NOT_A_SERIES),
        (lambda: series([("20261324T104500000Z.jpg", b"")]), SERIES, Reason.NOT_A_SERIES),
        (lambda: series(named([jpeg(scene())]), zipfile.ZIP_LZMA), SERIES, Reason.NOT_A_SERIES),
        (lambda: series(named([b"GIF89a" + bytes(50)])), SERIES, Reason.CORRUPT),
        (lambda: series(named([jpeg(scene())[:900]] * 3)), SERIES, Reason.CORRUPT),
        (lambda: series([("20261124T104459000Z.jpg", jpeg(scene()))]), SERIES, Reason.WRONG_LENGTH),
        (lambda: series(named([bytes(30_000_000)]), zipfile.ZIP_DEFLATED), SERIES, Reason.DECOMPRESSION_BOMB),
        (lambda: series(named([bytes(9_000_000)] * 40), zipfile.ZIP_DEFLATED), SERIES, Reason.DECOMPRESSION_BOMB),
        (lambda: series(named([jpeg(still(1, width=5120)[0])])), SERIES, Reason.TOO_BIG_PICTURE),
    ],
)
def test_what_cannot_be_used_gets_its_reason(make: Callable[[], bytes], media_type: str, reason: Reason) -> None:
    error = refused(make(), media_type)
    assert error.reason == reason
    assert len(str(error)) > 20, "the message names the input and the remedy"


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95, 0.999])
def test_a_file_that_was_cut_off_anywhere_is_truncated(good: bytes, share: float) -> None:
    assert refused(good[: int(len(good) * share)]).reason == Reason.TRUNCATED


@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_flipped_bytes_in_the_pictures_are_corruption(bikes: Path, seed: int) -> None:
    raw = bikes.read_bytes()
    assert refused(flipped(raw, 200, seed, *mp4_media(raw))).reason == Reason.CORRUPT


@pytest.mark.parametrize(
    ("media_type", "form", "codec"),
    [
        ("video/mp4", "mp4", "libx265"),
        ("video/mp4", "mp4", "mpeg4"),
        ("video/x-msvideo", "avi", "mjpeg"),
        ("video/x-matroska", "matroska", "libvpx-vp9"),
    ],
)
def test_flipped_bytes_are_corruption_in_every_codec(media_type: str, form: str, codec: str) -> None:
    raw = clip(
        passing(100), form=form, codec=codec, options={"x265-params": "log-level=none"} if "265" in codec else {}
    )
    assert refused(flipped(raw, 200, 1, 3000, len(raw) - 3000), media_type).reason == Reason.CORRUPT


def test_two_hundred_flipped_bytes_anywhere_are_refused_whatever_they_hit(good: bytes) -> None:
    assert refused(flipped(good, 200, 5)).reason in {Reason.CORRUPT, Reason.TRUNCATED, Reason.NOT_A_VIDEO}


def test_a_file_larger_than_the_limit_is_not_even_opened(good: bytes) -> None:
    assert refused(good, limits=Limits(max_bytes=len(good) - 1)).reason == Reason.TOO_LARGE


def test_a_clip_longer_than_the_limit_is_refused_by_its_content(good: bytes) -> None:
    assert refused(good, limits=Limits(max_seconds=5.9)).reason == Reason.TOO_LONG


def test_more_frames_a_second_than_any_camera_films_are_a_bomb() -> None:
    raw = clip(passing(200), times=[index / 1000 for index in range(200)])
    assert refused(raw).reason == Reason.DECOMPRESSION_BOMB


def test_a_clip_that_takes_too_much_computing_is_a_bomb_and_is_ended() -> None:
    raw = clip([np.zeros((1088, 1920, 3), np.uint8)] * 1200)
    assert len(raw) < 400_000
    request = SampleRequest(
        media_type="video/mp4", capture_start=START, fps=5, every_frame=True, limits=Limits(cpu_seconds=1)
    )
    with pytest.raises(Rejected) as caught:
        sample(raw, request)
    assert caught.value.reason == Reason.DECOMPRESSION_BOMB


def test_a_clip_that_takes_too_much_memory_is_a_bomb() -> None:
    raw = clip([scene(width=3840, height=2160)] * 3)
    assert refused(raw, limits=Limits(memory_bytes=25_000_000)).reason == Reason.DECOMPRESSION_BOMB


def test_a_small_header_in_front_of_a_huge_picture_does_not_help() -> None:
    huge, small = jpeg(np.zeros((6000, 6000, 3), np.uint8)), io.BytesIO()
    with av.open(small, "w", format="avi") as container:
        stream: Any = container.add_stream("mjpeg", rate=5, width=320, height=192, pix_fmt="yuvj420p")
        for number in range(5):
            packet = av.Packet(huge)
            packet.stream, packet.time_base = stream, Fraction(1, 5)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            container.mux(packet)
    assert refused(small.getvalue(), "video/x-msvideo").reason in {Reason.TOO_BIG_PICTURE, Reason.CORRUPT}


def test_moving_pictures_that_fill_more_than_a_pack_are_to_be_cut_shorter(good: bytes) -> None:
    assert refused(good, limits=Limits(max_pack_bytes=100_000)).reason == Reason.TOO_LONG


def test_a_machine_without_time_is_no_fault_of_the_footage(good: bytes) -> None:
    with pytest.raises(Unavailable):
        sample_footage(good, "video/mp4", START, fps=5, limits=Limits(wall_seconds=0.001))


def test_a_clip_declared_longer_than_it_is_gets_told_both_lengths(good: bytes) -> None:
    request = SampleRequest(media_type="video/mp4", capture_start=START, capture_end=START.replace(second=20), fps=5)
    with pytest.raises(Rejected, match=r"holds 6\.0 s but is declared as 20\.0 s") as caught:
        sample(good, request)
    assert caught.value.reason == Reason.WRONG_LENGTH


def test_a_folder_or_a_pipe_is_no_footage(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        assert refused(path).reason == Reason.NOT_A_VIDEO


@cache
def whole(media_type: str) -> bytes:
    if media_type == SERIES:
        return series(named(jpeg(picture) for picture in passing(4)), zipfile.ZIP_DEFLATED)
    form, codec = FORMS[media_type]
    return clip(passing(30), form=form, codec=codec)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A real file, with a few bytes changed at its head, tail or anywhere, a part cut out, or a part doubled."""
    media_type = draw(st.sampled_from([SERIES, *FORMS]))
    raw = bytearray(whole(media_type))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(
            st.integers(0, 200) | st.integers(0, len(raw) - 1) | st.integers(max(0, len(raw) - 300), len(raw) - 1)
        )
        end = min(len(raw), start + draw(st.integers(1, 400)))
        change = draw(st.sampled_from(["flip", "cut", "double", "zero"]))
        if change == "flip":
            raw[min(start, len(raw) - 1)] ^= draw(st.integers(1, 255))
        elif change == "cut" and end - start < len(raw) - 1:
            del raw[start:end]
        elif change == "double":
            raw[start:start] = raw[start:end]
        else:
            raw[start:end] = bytes(end - start)
    return media_type, bytes(raw)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(footage=mutated())
def test_a_mutated_file_gives_a_pack_or_a_reason_and_never_anything_else(footage: tuple[str, bytes]) -> None:
    media_type, raw = footage
    try:
        came_of_it: object = sample_footage(raw, media_type, START, fps=5)
    except Rejected as error:
        came_of_it = Reason(error.reason)
    assert isinstance(came_of_it, Pack | Reason)
