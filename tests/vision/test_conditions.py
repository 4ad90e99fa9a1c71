"""A view that grows worse is believed less, says why, and gives no detector what shows nothing."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from civicam.contracts.vision import Condition
from civicam.runtime.sandbox import sample_footage
from civicam.vision.conditions import clarity, glimpse, shift
from civicam.vision.pack import Pack
from tests.fakes.footage import START, Picture, clip, jpeg, named, passing, scene, series
from tests.fakes.transforms import TRANSFORMS, shaken

pytestmark = pytest.mark.unit
WIDE, HIGH = 640, 384
EXPECTED: dict[str, Condition] = {
    "blur": "blurred",
    "gamma": "dark",
    "sun": "overexposed",
    "rain": "rain",
    "shake": "shaking",
}


def luma(picture: Picture) -> Picture:
    return np.asarray(Image.fromarray(picture).convert("L"))


def street(count: int = 8) -> list[Picture]:
    """A street with kerbs, posts and windows, a sensor's noise on it, and a car that passes."""
    rng, picture = np.random.default_rng(3), scene(7, WIDE, HIGH)
    for _ in range(120):
        x, y, wide, high = rng.integers(0, WIDE - 60), rng.integers(0, HIGH - 60), *rng.integers(4, 60, 2)
        picture[y : y + high, x : x + wide] = rng.integers(20, 235, 3)
    pictures = [np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8) for _ in range(count)]
    for number, one in enumerate(pictures):
        one[200:260, 40 * number : 40 * number + 90] = (200, 30, 30)
    return pictures


def seen(pictures: Iterable[Picture]) -> tuple[float, list[Condition]]:
    return clarity([glimpse(luma(picture)) for picture in pictures], WIDE)


def sampled(pictures: Sequence[Picture], **options: str) -> Pack:
    raw = clip(pictures, options={"preset": "veryfast", "sc_threshold": "0"} | options)
    return sample_footage(raw, "video/mp4", START, fps=1.0)


def empty(count: int) -> list[Picture]:
    """The street without the car."""
    rng, there = np.random.default_rng(8), street(1)[0].astype(np.float64)
    return [np.clip(there + rng.normal(0, 1.5, there.shape), 0, 255).astype(np.uint8) for _ in range(count)]


def test_a_clean_view_by_day_is_clear_and_nothing_is_wrong_with_it() -> None:
    clear, wrong = seen(street())
    assert clear > 0.9
    assert wrong == []


@pytest.mark.parametrize("name", TRANSFORMS)
def test_clarity_falls_with_every_step_of_a_transform_and_the_condition_is_named(name: str) -> None:
    transform, strengths = TRANSFORMS[name]
    told = [seen(transform(street(), strength)) for strength in strengths]
    assert all(after < before for (before, _), (after, _) in pairwise(told)), told
    assert told[0][0] - told[-1][0] > 0.3
    assert EXPECTED[name] in told[-1][1]


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (3, 0), (-8, 0), (0, 5), (6, -6)])
def test_a_shift_of_the_view_is_measured_in_pixels_of_the_source(dx: int, dy: int) -> None:
    before = street(1)[0]
    assert shift(glimpse(luma(before)), glimpse(luma(np.roll(before, (dy, dx), (0, 1))))) == (dx, dy)


def test_what_moves_by_itself_does_not_shake_the_view() -> None:
    glimpses = [glimpse(luma(picture)) for picture in street()]
    assert {shift(*pair) for pair in pairwise(glimpses)} == {(0.0, 0.0)}


def jam(ways: Sequence[int], structure: int = 0) -> list[Picture]:
    """A bare road, full of vehicles of which each column creeps its way, in pixels from picture to picture."""
    rng, road = np.random.default_rng(12), np.full((HIGH, WIDE, 3), 105, np.uint8)
    for _ in range(structure):
        x, y, high = rng.integers(0, WIDE - 30), rng.integers(0, HIGH - 60), rng.integers(20, 60)
        road[y : y + high, x : x + rng.integers(4, 30)] = rng.integers(20, 235, 3)
    pictures = [np.clip(road + rng.normal(0, 2, road.shape), 0, 255).astype(np.uint8) for _ in range(8)]
    for number, one in enumerate(pictures):
        for lane, step in enumerate(ways):
            for row in range(2):
                left, top = 30 + 150 * lane + step * number, 60 + 150 * row
                one[top : top + 80, left : left + 110] = (40, 60, 90)
                one[top + 10 : top + 30, left + 15 : left + 95] = (190, 200, 210)
    return pictures


@pytest.mark.parametrize("ways", [(2, 2, 2, 2), (3, 3, 2, 2)])
def test_vehicles_that_creep_alike_do_not_shake_the_view(ways: Sequence[int]) -> None:
    clear, wrong = seen(jam(ways))
    assert wrong == []
    assert clear > 0.9


def test_vehicles_that_creep_to_and_fro_do_not_shake_a_view_with_posts_and_kerbs() -> None:
    pictures = jam((2, 2, 2, 2), structure=60)
    there_and_back = [
        picture for pair in zip(pictures[::2], pictures[4:] + pictures[:4], strict=False) for picture in pair
    ]
    assert "shaking" not in seen(there_and_back)[1]


def test_a_mast_in_the_wind_shakes_the_view_of_a_jam_too() -> None:
    assert "shaking" in seen(shaken(jam((2, 2, 2, 2), structure=60), 8.0))[1]


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=70)), st.integers(1, 4))
def test_any_pictures_have_a_clarity_between_nothing_and_one(picture: Picture, count: int) -> None:
    clear, _ = clarity([glimpse(picture)] * count, picture.shape[1])
    assert 0.0 <= clear <= 1.0


def black(count: int) -> list[Picture]:
    rng = np.random.default_rng(4)
    return [np.clip(rng.normal(16, 1.5, (HIGH, WIDE, 3)), 0, 255).astype(np.uint8) for _ in range(count)]


def covered(count: int) -> list[Picture]:
    """A hand before the lens: skin's colour, lighter on one side, nothing else."""
    shade = np.linspace(60, 120, WIDE)[None, :, None] * np.array([1.0, 0.7, 0.6])
    rng = np.random.default_rng(5)
    return [np.clip(shade + rng.normal(0, 2, (HIGH, WIDE, 1)), 0, 255).astype(np.uint8) for _ in range(count)]


@pytest.mark.parametrize(("pictures", "condition"), [(black, "black"), (covered, "covered")])
def test_pictures_that_show_nothing_are_neither_looked_at_nor_still(pictures, condition: str) -> None:  # type: ignore[no-untyped-def]
    pack = sampled(pictures(75))
    told = pack.manifest.sampled
    assert (pack.frames, pack.manifest.still) == ((), ())
    assert (told.conditions, told.clarity, told.coverage) == ((condition,), 0.0, 0.0)
    assert (told.width, told.height) == (WIDE, HIGH)


def test_a_white_picture_is_covered_and_told_to_be_overexposed() -> None:
    sun = [np.full((HIGH, WIDE, 3), 255, np.uint8)] * 75
    assert sampled(sun).manifest.sampled.conditions == ("covered", "overexposed")


def test_a_camera_that_is_covered_half_way_covers_half() -> None:
    pack = sampled([*empty(100), *covered(100)])
    told = pack.manifest.sampled
    assert told.conditions == ("covered",)
    assert told.coverage == pytest.approx(0.55, abs=0.06)
    assert max(entry.time_s for entry in (*pack.manifest.frames, *pack.manifest.still)) < 4.0


def test_a_picture_that_stands_to_the_last_bit_is_no_still_scene() -> None:
    frozen = sampled(street(1) * 300, qp="26").manifest
    assert frozen.sampled.conditions == ("frozen",)
    assert frozen.sampled.coverage < 0.2
    living = sampled(empty(300), qp="26").manifest
    assert (living.sampled.conditions, living.sampled.coverage) == ((), 1.0)


def test_a_clip_that_is_frozen_for_some_seconds_was_only_slow() -> None:
    assert sampled(street(1) * 150, qp="26").manifest.sampled.conditions == ()


def test_a_series_whose_source_stands_for_a_picture_or_two_is_not_frozen() -> None:
    twice = [jpeg(picture) for picture in street(3) for _ in range(2)]
    pack = sample_footage(series(named(twice)), "application/zip", START, fps=1)
    assert pack.manifest.sampled.conditions == ()


def test_a_clip_of_ten_seconds_tells_its_outline_and_a_short_one_none() -> None:
    assert len(sampled(empty(250)).manifest.sampled.outline) == 168
    assert sampled(passing(75)).manifest.sampled.outline == ()


def test_shaking_is_told_by_a_clip_as_it_is_decoded() -> None:
    shaking = [picture for picture in shaken(street(8), 8.0) for _ in range(25)]
    told = sampled(shaking).manifest.sampled
    assert "shaking" in told.conditions
    assert told.clarity < 0.6


REAL = ("car-detection.mp4", "one-by-one-person-detection.mp4", "pets_walkers_480x360.avi")


@pytest.mark.needs_clips
@pytest.mark.parametrize("file", REAL)
@pytest.mark.parametrize("name", TRANSFORMS)
def test_clarity_of_real_footage_falls_with_every_step(clip_mirror: Path, file: str, name: str) -> None:
    with av.open(str(clip_mirror / file)) as source:
        frames = [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in _every(source, 12, 9)]
    transform, strengths = TRANSFORMS[name]
    told = [
        clarity([glimpse(luma(picture)) for picture in transform(frames, strength)], frames[0].shape[1])
        for strength in strengths
    ]
    assert all(after < before for (before, _), (after, _) in pairwise(told)), told
    assert told[0][1] == []


def _every(source: av.container.InputContainer, step: int, count: int) -> list[av.VideoFrame]:
    found: list[av.VideoFrame] = []
    for number, frame in enumerate(source.decode(video=0)):
        if number % step == 0:
            found.append(frame)
        if len(found) == count:
            break
    return found
