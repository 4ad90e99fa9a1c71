"""Rendered scenes: real things, cut out of real footage when the test runs, moving as told over a real background."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tests.fakes import footage

WIDTH, HEIGHT, FPS = 1280, 720, 5
SCALE = 2.5
"""From the snapshots' pixels to the films'."""
Picture = Image.Image
Place = tuple[float, float, float]
"""A second, and where the middle of a thing's lower edge is then, in pixels."""
Corners = tuple[int, int, int, int]


@dataclass(frozen=True)
class Prop:
    """One thing: its picture, and its way through places; it is seen from the first of them to the last."""

    picture: Picture
    places: tuple[Place, ...]

    def at(self, at_s: float) -> tuple[float, float] | None:
        """Where its foot is, if it is in the scene."""
        for (start_s, x, y), (end_s, to_x, to_y) in pairwise(self.places):
            if start_s <= at_s < end_s:
                share = (at_s - start_s) / (end_s - start_s)
                return x + share * (to_x - x), y + share * (to_y - y)
        return None


def film(background: Picture, props: Iterable[Prop], seconds: float, fps: int = FPS) -> bytes:
    """The scene as H.264, 1280x720, a key frame a second, with a sensor's noise; later props stand before others."""
    things, rng = [*props], np.random.default_rng(2)
    noise = [rng.normal(0, 1.5, (HEIGHT, WIDTH, 1)).astype(np.int8) for _ in range(7)]
    return footage.clip(
        [
            np.clip(_shown(background, things, number / fps) + noise[number % 7], 0, 255).astype(np.uint8)
            for number in range(round(seconds * fps))
        ],
        fps=fps,
        gop=fps,
    )


def _shown(background: Picture, things: Iterable[Prop], at_s: float) -> footage.Picture:
    picture = background.copy()
    for thing in things:
        if place := thing.at(at_s):
            width, height = thing.picture.size
            picture.paste(thing.picture, (round(place[0] - width / 2), round(place[1] - height)), thing.picture)
    return np.asarray(picture).astype(np.int16)


@cache
def frame(path: Path, number: int) -> Picture:
    """One frame of a file, counted from 0."""
    with av.open(io.BytesIO(path.read_bytes()), "r") as container:
        for index, decoded in enumerate(container.decode(video=0)):
            if index == number:
                return Image.fromarray(decoded.to_ndarray(format="rgb24"))
    raise LookupError(f"{path.name} has no frame {number}")


@cache
def _usual(path: Path, end: int, step: int) -> Picture:
    """What most frames show: the place without what passes through it."""
    shown = [np.asarray(frame(path, number)) for number in range(0, end, step)]
    return Image.fromarray(np.median(shown, axis=0).astype(np.uint8))


def _wide(picture: Picture) -> Picture:
    return picture.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


def _high(part: Picture, height: int) -> Picture:
    return part.resize((round(height * part.width / part.height), height), Image.Resampling.BICUBIC)


JUNCTION = "hcmc_series/2026-01-15T0934.jpg"
"""A wide junction by day, seen from a mast, nobody on the near half of it."""
Seen = tuple[str, Corners]
SUV: Seen = ("hcmc_series/2026-02-12T0826.jpg", (133, 126, 243, 192))
SALOON: Seen = ("hcmc_series/2026-03-10T1525.jpg", (241, 114, 335, 173))
VAN: Seen = ("hcmc_series/2026-03-10T1525.jpg", (44, 99, 183, 173))
HATCH: Seen = ("hcmc_series/2026-01-18T1015.jpg", (125, 119, 236, 181))
"""Cars at the same junction: two drive off to the right, two come from there."""


def junction(mirror: Path) -> Picture:
    """The junction."""
    return _wide(Image.open(mirror / JUNCTION).convert("RGB"))


def vehicle(mirror: Path, seen: Seen, share: float = 1.0) -> Picture:
    """A vehicle at the junction's scale, or at a share of it, with a rim of the road it stands on, which fades."""
    file, corners = seen
    part = Image.open(mirror / file).convert("RGB").crop(corners)
    return _high(_faded(part), round(share * SCALE * part.height))


def _faded(part: Picture) -> Picture:
    mask = Image.new("L", part.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((3, 3, part.width - 4, part.height - 4), radius=8, fill=255)
    part.putalpha(mask.filter(ImageFilter.GaussianBlur(1.5)))
    return part


CAR_PARK = "person-bicycle-car.mp4"
"""Asphalt by day, from a mast; somebody stands beside a bicycle."""
BICYCLE, BESIDE = (384, 30, 440, 70), (slice(0, 28), slice(18, 37))
"""Where the bicycle is in frame 36, and where in that part is who stands beside it, darker than the asphalt."""


def car_park(mirror: Path) -> Picture:
    """The car park, and nobody in it."""
    return _wide(_usual(mirror / CAR_PARK, 41, 4))


def bicycle(mirror: Path, share: float = 1.5) -> Picture:
    """The bicycle alone, at the car park's scale or a multiple of it."""
    part, behind = frame(mirror / CAR_PARK, 36).crop(BICYCLE), _usual(mirror / CAR_PARK, 41, 4).crop(BICYCLE)
    lighter = np.asarray(part.convert("L"), np.int16) - np.asarray(behind.convert("L"), np.int16)
    there = np.abs(lighter) > 14
    there[BESIDE] &= lighter[BESIDE] > 0
    part.putalpha(Image.fromarray(there.astype(np.uint8) * 255))
    return _high(part, round(share * WIDTH / 480 * part.height))


WALKERS = "pets_walkers_480x360.avi"
"""A campus by day, people on foot."""
PEOPLE: tuple[tuple[int, Corners], ...] = (
    (50, (416, 157, 448, 236)),
    (200, (383, 160, 410, 235)),
    (200, (436, 153, 466, 225)),
    (450, (190, 125, 214, 184)),
    (450, (301, 110, 326, 165)),
    (450, (345, 148, 374, 214)),
)
"""In which frame somebody is, and where."""


def campus(mirror: Path) -> Picture:
    """The campus without the people in it, 16:9."""
    return _wide(_usual(mirror / WALKERS, 790, 79).crop((0, 90, 480, 360)))


def walker(mirror: Path, who: int = 0, height: int = 168) -> Picture:
    """Somebody on foot, cut out along the outline: where the picture differs from the empty one."""
    number, corners = PEOPLE[who % len(PEOPLE)]
    part, behind = frame(mirror / WALKERS, number).crop(corners), _usual(mirror / WALKERS, 790, 79).crop(corners)
    differs = ImageChops.difference(part, behind).convert("L").point(lambda level: 255 if level > 18 else 0)
    part.putalpha(differs.filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.GaussianBlur(1)))
    return _high(part, height)
