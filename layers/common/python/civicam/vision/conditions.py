"""How well one can see: measures of single pictures, and what a clip's come to: conditions, and clarity."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.fft import irfft, rfft
from numpy.typing import NDArray

from civicam.contracts.base import Body
from civicam.contracts.vision import Condition
from civicam.vision.sampling import Luma

Grey = NDArray[np.float32]
Floats = NDArray[np.float64]

ACROSS = 640
"""Sharpness is measured at this width, near what detectors look at: a picture that is soft below it loses nothing."""
FAR = 8
EDGE_SHARE = 0.01
"""The strongest hundredth of all differences stands for edges: noise and plain walls lie below it."""
ROUNDING, FAINT = 1.0, 12.0
"""Levels that a difference has from rounding alone, and below which there is no edge to measure at."""
RIDGE_LEVELS = 10
"""A thin line is brighter than what is left and right of it by this much."""
ROWS_PASSED = 4
"""Of so many rows (and columns) at that width one is looked at: enough for each of the measures."""
EXPLAINS = 0.8
"""A shift is one when it leaves less than this share of what differs in place."""
REACH_SHARE = 0.03
"""The largest shift between two pictures that is looked for, a share of the side."""


class ViewSettings(Body):
    """From where on a view is what. Levels are of luma, 0..255; studio black is 16."""

    black_mean: float = 32.0
    black_spread: float = 12.0
    """A black picture is dark, and nothing in it (between the 5th and the 99th percentile) is brighter than that."""
    covered_spread: float = 4.0
    """A field of a sixteenth of the width has structure when its luma deviates by this; a hand has shades only."""
    covered_share: float = 0.06
    """A view that is covered has structure in fewer of its fields."""
    dark_mean: float = 40.0
    burnt_levels: float = 232.0
    """From here on a picture is white: studio white is 235, and coding takes some of it."""
    burnt_share: float = 0.25
    """White over so much of the picture is no sky and no lamp: by day the city's cameras have 0.02 of it, at most."""
    burnt_free: float = 0.05
    """So much of it costs no clarity."""
    light_levels: float = 40.0
    """Light reaches 63 % of its worth at this mean: a street by day has 90 to 120, lit by lamps 50 to 65."""
    sharp_ratio: float = 0.3
    """One pixel's step at an edge, as a share of the step over eight, where it is as sharp as detectors need."""
    blurred_ratio: float = 0.18
    """Where edges are that soft (a Gaussian of two pixels at 640), wheels and faces melt together."""
    rain_share: float = 0.004
    """New thin bright lines in so many of the picture's places are streaks: traffic makes a tenth of it."""
    shaking_share: float = 0.002
    """The view jumps by this share of the width from sample to sample, and back: 4 pixels of 1920."""


SETTINGS = ViewSettings()


def useless(picture: NDArray[np.int16], settings: ViewSettings = SETTINGS) -> Condition | None:
    """Why a small picture shows nothing: `black` for want of any light, `covered` where something lies before the lens,
    light and shade perhaps, but no structure anywhere. None where it shows something."""
    if picture.mean() <= settings.black_mean:
        low, high = np.percentile(picture, (5, 99))
        if high - low <= settings.black_spread:
            return "black"
    return "covered" if _structured(picture, settings) < settings.covered_share else None


def burnt(picture: NDArray[Any], settings: ViewSettings = SETTINGS) -> float:
    """Share of a picture that is white and nothing else, 0..1."""
    return np.count_nonzero(picture >= settings.burnt_levels) / max(1, picture.size)


@dataclass(frozen=True)
class Glimpse:
    """What one picture told of the view. `ridges` and `profiles` are for the comparison with the next one."""

    mean: float
    burnt: float
    """Share of it that is white."""
    sharpness: float
    ridges: NDArray[np.int8]
    """1 where a thin line is brighter than what is left and right of it, -1 where it is darker."""
    profiles: tuple[tuple[Grey, ...], tuple[Grey, ...]]
    """Mean luma of each column and of each row, without its slow part: each of three, from a third of the picture."""


def glimpse(luma: Luma) -> Glimpse:
    """The measures of one picture: a part of its rows is enough for each."""
    step = max(1, luma.shape[1] // ACROSS)
    rows, columns = luma[:: ROWS_PASSED * step], luma[:, :: ROWS_PASSED * step]
    grey = _narrow(rows, step)
    return Glimpse(
        mean=float(grey.mean()),
        burnt=burnt(grey),
        sharpness=_sharpness(grey),
        ridges=_ridges(rows, step),
        profiles=(_profiles(rows), _profiles(columns.T)),
    )


def shift(before: Glimpse, after: Glimpse) -> tuple[float, float]:
    """How far the whole view moved between two pictures, right and down, in pixels; 0 where no shift explains it.

    By integral projections (Ratakonda, 1998): along a side, what moves by itself is a small part of the mean.
    """
    across, down = (_offset(one, other) for one, other in zip(before.profiles, after.profiles, strict=True))
    return across, down


def jumps(seen: Sequence[Glimpse]) -> float:
    """How far the view jumps to and fro from one picture to the next, in pixels.

    Only what is taken back counts: a mast in the wind comes back, while vehicles that creep alike, which on a bare road
    look like a shift of the whole, go one way.
    """
    shifts = np.array([shift(*pair) for pair in pairwise(seen)]).reshape(-1, 2)
    ways = np.abs(shifts).sum(axis=0)
    back = 1 - np.abs(shifts.sum(axis=0)) / np.maximum(1, ways)
    return _typical(np.hypot(*(shifts * back).T))


def streaks(before: Glimpse, after: Glimpse) -> float:
    """Share of the places where a thin bright line is new, beyond those where a dark one is.

    What falls is never twice in one place, and brighter than what is behind it (Garg, Nayar 2007); traffic brings as
    many dark lines as bright ones.
    """
    if before.ridges.shape != after.ridges.shape or not after.ridges.size:
        return 0.0
    new = np.where(after.ridges != before.ridges, after.ridges, 0)
    return max(0.0, float(new.mean()))


def clarity(seen: Sequence[Glimpse], width: int, settings: ViewSettings = SETTINGS) -> tuple[float, list[Condition]]:
    """How well one could see over a clip, 0..1, and what was wrong; `seen` in the order of time, at least one.

    A product of five shares: light (of what is not white), what is not white, sharpness, what is left by streaks, and
    steadiness. Each falls without a jump, so that a view that grows worse is believed less.
    """
    white = float(np.median([one.burnt for one in seen]))
    much = max(0.0, white - settings.burnt_free)
    light = max(0.0, float(np.median([one.mean for one in seen])) - 255 * much) / max(1e-6, 1 - much)
    sharpness = float(np.median([one.sharpness for one in seen]))
    falling = _typical([streaks(*pair) for pair in pairwise(seen)])
    shaking = jumps(seen) / max(1, width)
    shares = (
        1 - np.exp(-light / settings.light_levels),
        1 - much,
        min(1.0, sharpness / settings.sharp_ratio),
        1 / (1 + falling / settings.rain_share / 4),
        1 / (1 + shaking / settings.shaking_share / 2),
    )
    wrong: tuple[tuple[Condition, bool], ...] = (
        ("overexposed", white >= settings.burnt_share),
        ("blurred", sharpness < settings.blurred_ratio),
        ("dark", light < settings.dark_mean),
        ("rain", falling >= settings.rain_share),
        ("shaking", shaking >= settings.shaking_share),
    )
    return round(float(np.prod(shares)), 4), [condition for condition, holds in wrong if holds]


def _typical(values: Sequence[float] | Floats) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _narrow(rows: Luma, step: int) -> Grey:
    """Every `step` columns as their mean. (Plane by plane: numpy's own mean over so short an axis takes eight times as
    long.)"""
    width = rows.shape[1] // step * step
    narrow: Grey = rows[:, :width:step].astype(np.float32)
    for place in range(1, step):
        narrow += rows[:, place:width:step]
    narrow /= step
    return narrow


def _structured(picture: NDArray[np.int16], settings: ViewSettings) -> float:
    side = max(2, picture.shape[1] // 16)
    high, wide = picture.shape[0] // side, picture.shape[1] // side
    if not high or not wide:
        return 1.0
    fields = picture[: high * side, : wide * side].astype(np.float32)
    means, squares = (
        part.reshape(high, side, -1).mean(axis=1).reshape(high, wide, side).mean(axis=2) for part in (fields, fields**2)
    )
    return float(np.mean(squares - means**2 >= settings.covered_spread**2))


def _sharpness(grey: Grey) -> float:
    if grey.shape[1] <= FAR:
        return 1.0
    near, far = np.abs(np.diff(grey, axis=1)), np.abs(grey[:, FAR:] - grey[:, :-FAR])
    return max(0.0, _strongest(near) - ROUNDING) / max(FAINT, _strongest(far))


def _strongest(differences: Grey) -> float:
    count = max(1, round(EDGE_SHARE * differences.size))
    return float(np.partition(differences, -count, axis=None)[-count:].mean())


def _ridges(rows: Luma, step: int) -> NDArray[np.int8]:
    apart = 2 * step
    grey = rows.astype(np.int16)
    left, middle, right = grey[:, : -2 * apart], grey[:, apart:-apart], grey[:, 2 * apart :]
    bright = middle - np.maximum(left, right) >= RIDGE_LEVELS
    dark = np.minimum(left, right) - middle >= RIDGE_LEVELS
    return bright.astype(np.int8) - dark.astype(np.int8)


def _profiles(luma: Luma) -> tuple[Grey, ...]:
    thirds = (third for third in np.array_split(luma, 3) if third.size)
    return tuple(_profile(third.sum(axis=0, dtype=np.uint32) / len(third)) for third in thirds)


def _profile(means: NDArray[np.float64]) -> Grey:
    """Without what changes slowly along it: light and shade do not show where the view is."""
    span = min(means.size, 2 * max(1, means.size // 32) + 1)
    so_far = np.concatenate(([0.0], np.cumsum(np.pad(means, span // 2, "edge"))))
    slow = (so_far[span:] - so_far[:-span])[: means.size] / span
    return (means - slow).astype(np.float32)


def _offset(before: tuple[Grey, ...], after: tuple[Grey, ...]) -> float:
    """The shift that most thirds agree on: what moves by itself may fill one of them."""
    shifts = [_best(one, other) for one, other in zip(before, after, strict=False) if one.shape == other.shape]
    return float(np.median(shifts)) if shifts else 0.0


def _best(before: Grey, after: Grey) -> int:
    """The shift, in pixels, at which two profiles differ least; 0 unless that is far less than in place."""
    reach = max(1, round(REACH_SHARE * before.size))
    if before.size <= 4 * reach:
        return 0
    fits = irfft(rfft(after) * np.conj(rfft(before)), before.size)
    lags = np.arange(-reach, reach + 1)
    best = int(lags[np.argmax(fits[lags])])
    return best if _apart(before, after, best, reach) < EXPLAINS * _apart(before, after, 0, reach) else 0


def _apart(before: Grey, after: Grey, lag: int, reach: int) -> float:
    inner = before[reach : before.size - reach]
    return float(np.abs(after[reach + lag : reach + lag + inner.size] - inner).mean())
