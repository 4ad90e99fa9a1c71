"""What footage shows, it shows upright, at its true times, and none of it twice."""

import io
import zipfile
from datetime import timedelta

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from PIL import Image

from civicam.runtime.decoding import Clip, DecodedFrame
from civicam.runtime.sandbox import sample, sample_footage
from civicam.runtime.sandbox_protocol import SampleRequest
from civicam.vision.admission import DEFAULT_LIMITS
from civicam.vision.pack import Frame, Pack
from civicam.vision.sampling import plan_samples
from tests.fakes.footage import START, Picture, clip, flipped, jpeg, mp4_media, named, passing, scene, series, still

pytestmark = pytest.mark.unit
SERIES = "application/zip"


def pixels(frame: Frame) -> Picture:
    return np.asarray(Image.open(io.BytesIO(frame.jpeg)))


def sampled(raw: bytes, media_type: str = "video/mp4", fps: float = 5.0) -> Pack:
    return sample_footage(raw, media_type, START, fps=fps)


def square_at(frame: Frame) -> int:
    """Where the bright square's left edge is."""
    return int(np.argmax(pixels(frame)[50, :, 0] > 230))


def numbered(count: int) -> list[Picture]:
    """Pictures whose square stands at eight times their number."""
    return passing(count, step=8)


def test_a_still_scene_keeps_one_frame_and_is_covered_all_the_same() -> None:
    pack = sampled(clip(still(100)))
    assert [frame.index for frame in pack.frames] == [0]
    assert [still.index for still in pack.manifest.still] == list(range(5, 100, 5))
    assert pack.manifest.sampled.coverage == 1.0


def test_a_car_that_parks_stands_in_the_last_kept_frame() -> None:
    pack = sampled(clip(passing(150, begin=25, end=75)))
    assert pack.manifest.still[-1].index == 145
    assert square_at(pack.frames[-1]) == pytest.approx((6 * 50) % 288, abs=3)


@pytest.mark.parametrize(
    ("media_type", "form", "codec"),
    [
        ("video/mp4", "mp4", "libx264"),
        ("video/mp4", "mov", "mpeg4"),
        ("video/mp4", "mp4", "libx265"),
        ("video/x-matroska", "matroska", "libx264"),
        ("video/x-msvideo", "avi", "mpeg4"),
        ("video/x-msvideo", "avi", "libx264"),
        ("video/x-msvideo", "avi", "mjpeg"),
    ],
)
def test_each_frame_is_the_one_that_its_index_names(media_type: str, form: str, codec: str) -> None:
    options = {"preset": "veryfast", "bf": "2"} if codec == "libx264" else {"x265-params": "log-level=none"}
    raw = clip(numbered(30), form=form, codec=codec, options=options if codec.startswith("libx") else None)
    for frame in sampled(raw, media_type).frames:
        assert square_at(frame) == pytest.approx(8 * frame.index, abs=3)
        assert frame.time_s == pytest.approx(frame.index / 25, abs=0.002)


GROUPS = {
    "a key frame in ten seconds": ("libx264", 1000, {"preset": "veryfast", "bf": "2"}),
    "open groups": ("libx264", 12, {"preset": "veryfast", "bf": "3", "x264-params": "open-gop=1:b-adapt=0"}),
    "open groups in H.265": ("libx265", 12, {"x265-params": "log-level=none:open-gop=1:bframes=3"}),
    "groups of all lengths": ("libx264", 40, {"preset": "veryfast", "sc_threshold": "100"}),
    "every third frame": ("libx264", 3, {"preset": "ultrafast", "bf": "0"}),
}
"""Encoder, frames from key frame to key frame, and options."""


@pytest.mark.parametrize("fps", [1.0, 5.0, 12.5])
@pytest.mark.parametrize("group", GROUPS)
def test_frames_are_found_whatever_lies_between_two_key_frames(group: str, fps: float) -> None:
    codec, gop, options = GROUPS[group]
    raw = clip([*still(60), *numbered(36), *still(60)], codec=codec, gop=gop, options=options)
    plan = plan_samples(Clip(io.BytesIO(raw), DEFAULT_LIMITS).timeline, START, fps)
    pack = sampled(raw, fps=fps)
    moving = [frame for frame in pack.frames if 60 <= frame.index < 96]
    assert [frame.index for frame in moving] == [index for index in plan.indices if 60 <= index < 96]
    assert [square_at(frame) for frame in moving] == pytest.approx([8 * (f.index - 60) for f in moving], abs=3)
    assert sorted(one.index for one in (*pack.manifest.frames, *pack.manifest.still)) == list(plan.indices)


def test_key_frames_decoded_alone_are_the_ones_that_their_index_names() -> None:
    pack = sampled(clip(numbered(36), fps=10, gop=10), fps=1.0)
    assert [frame.index for frame in pack.frames] == [0, 10, 20, 30]
    assert [square_at(frame) for frame in pack.frames] == pytest.approx([0, 80, 160, 240], abs=3)


def test_a_variable_frame_rate_is_taken_by_its_times() -> None:
    times = [*np.linspace(0, 0.96, 25), *np.linspace(3.0, 3.96, 25)]
    pack = sampled(clip(passing(50), times=times))
    assert [frame.time_s for frame in pack.frames] == pytest.approx(
        [0.0, 0.2, 0.4, 0.6, 0.8, 3.0, 3.2, 3.4, 3.6, 3.8], abs=0.002
    )
    assert pack.manifest.sampled.coverage == pytest.approx(0.52, abs=0.02), "nobody saw seconds 1 to 3"


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_rotated_clip_is_seen_as_it_is_displayed(rotation: int) -> None:
    picture = scene()
    picture[:64, :64] = 250
    pack = sampled(clip([picture] * 5, rotation=rotation))
    turned = np.rot90(picture, rotation // 90)
    shape = (pack.manifest.sampled.height, pack.manifest.sampled.width)
    assert shape == turned.shape[:2] == pixels(pack.frames[0]).shape[:2]
    assert np.abs(pixels(pack.frames[0]).astype(int) - turned.astype(int)).mean() < 8


def test_pictures_are_bounded_and_the_source_size_is_told() -> None:
    manifest = sampled(clip(still(3, width=1920, height=1088))).manifest
    assert (manifest.sampled.width, manifest.sampled.height) == (1920, 1088)
    assert (manifest.picture_width, manifest.picture_height) == (832, 471)


BANDS = np.array([(200, 30, 30), (30, 200, 30), (30, 30, 200), (230, 230, 230), (20, 20, 20)], np.uint8)


@pytest.mark.parametrize("form", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "nv12", "rgb24"])
@pytest.mark.parametrize("levels", [ColorRange.MPEG, ColorRange.JPEG])
@pytest.mark.parametrize("colours", [Colorspace.ITU601, Colorspace.ITU709])
def test_colours_come_through_however_a_source_codes_them(form: str, levels: ColorRange, colours: Colorspace) -> None:
    painted = av.VideoFrame.from_ndarray(np.repeat(np.tile(BANDS, (240, 1, 1)), 80, axis=1), format="rgb24")
    frame = painted
    if form != "rgb24":
        frame = painted.reformat(format=form, dst_color_range=levels, dst_colorspace=colours)
        frame.color_range, frame.colorspace = levels, 1 if colours == Colorspace.ITU709 else 5
    jpeg = DecodedFrame(0, frame, VideoReformatter()).jpeg(200)
    seen = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))[60, 20::40]
    assert np.abs(seen.astype(int) - BANDS).max() <= 4


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (33, 21), (21, 33), (831, 467)])
def test_a_picture_of_any_size_is_coded(size: tuple[int, int]) -> None:
    frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 200, np.uint8), format="rgb24")
    seen = Image.open(io.BytesIO(DecodedFrame(0, frame, VideoReformatter()).jpeg(640)))
    assert max(seen.size) == min(640, max(size))
    assert np.abs(np.asarray(seen).astype(int) - 200).max() <= 3


def test_every_frame_is_kept_when_every_frame_is_asked_for() -> None:
    pack = sample_footage(clip(still(20)), "video/mp4", START, fps=5, every_frame=True)
    assert [frame.index for frame in pack.frames] == list(range(20))


def test_the_grid_belongs_to_capture_time_and_not_to_the_clip() -> None:
    pack = sample_footage(clip(numbered(25)), "video/mp4", START + timedelta(milliseconds=120), fps=5)
    assert [frame.index for frame in pack.frames] == [2, 7, 12, 17, 22]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_series_is_sampled_at_its_pictures_times(method: int) -> None:
    raw = series(named(jpeg(picture) for picture in numbered(5)), method)
    request = SampleRequest(media_type=SERIES, capture_start=START, capture_end=START + timedelta(seconds=60), fps=5)
    pack = sample(raw, request)
    assert [(frame.index, frame.time_s) for frame in pack.frames] == [(index, 12.0 * index) for index in range(5)]
    assert [square_at(frame) for frame in pack.frames] == pytest.approx([0, 8, 16, 24, 32], abs=3)
    assert pack.manifest.sampled.sampling_fps == pytest.approx(1 / 12, abs=0.001)
    assert pack.manifest.sampled.coverage == 1.0


def test_a_series_that_ends_early_covers_less_of_its_minute() -> None:
    raw = series(named(jpeg(picture) for picture in numbered(3)))
    request = SampleRequest(media_type=SERIES, capture_start=START, capture_end=START + timedelta(seconds=60), fps=5)
    assert sample(raw, request).manifest.sampled.coverage == pytest.approx(42 / 60, abs=0.01)


def test_one_broken_picture_of_a_series_costs_coverage_only() -> None:
    pictures = [jpeg(picture) for picture in numbered(5)]
    pictures[2] = pictures[2][: len(pictures[2]) // 2]
    pack = sampled(series(named(pictures)), SERIES)
    assert [frame.index for frame in pack.frames] == [0, 1, 3, 4]
    assert pack.manifest.sampled.coverage < 1.0


def test_a_picture_that_was_taken_upright_is_seen_upright() -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn clockwise by 90 degrees
    Image.fromarray(scene()).save(buffer, "JPEG", exif=exif)
    sizes = sampled(series(named([buffer.getvalue()])), SERIES).manifest.sampled
    assert (sizes.width, sizes.height) == (192, 320)


def test_no_metadata_of_the_source_gets_into_a_pack() -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "seen by Nguyen"
    Image.fromarray(scene()).save(buffer, "JPEG", exif=exif, comment=b"Nguyen")
    assert b"Nguyen" not in sampled(series(named([buffer.getvalue()])), SERIES).to_bytes()


def test_damage_in_one_place_costs_the_frames_that_rest_on_it_and_no_others() -> None:
    raw = clip(numbered(36), fps=10, gop=6)
    start, end = mp4_media(raw)
    middle = (start + end) // 2
    pack = sampled(flipped(raw, 20, start=middle, end=middle + 200), fps=10.0)
    seen = [frame.index for frame in pack.frames]
    assert 30 <= len(seen) < 36
    assert all(square_at(frame) == pytest.approx(8 * frame.index, abs=3) for frame in pack.frames)
    assert pack.manifest.sampled.coverage < 1.0
