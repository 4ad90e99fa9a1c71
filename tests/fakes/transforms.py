"""What happens to a camera: named transforms of its pictures, each with a strength that rises from 0 (nothing)."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from PIL import Image, ImageFilter

from tests.fakes.footage import Picture

Transform = Callable[[Sequence[Picture], float], Iterator[Picture]]


def blurred(pictures: Sequence[Picture], sigma: float) -> Iterator[Picture]:
    """Out of focus: a Gaussian of so many pixels."""
    for picture in pictures:
        yield np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(sigma)))


def darkened(pictures: Sequence[Picture], gamma: float) -> Iterator[Picture]:
    """Dusk: luma to the power of 1 + gamma."""
    curve = (255 * (np.arange(256) / 255) ** (1 + gamma)).round().astype(np.uint8)
    for picture in pictures:
        yield curve[picture]


def burnt(pictures: Sequence[Picture], share: float) -> Iterator[Picture]:
    """The sun in the picture: so much of it, from above, is white."""
    for picture in pictures:
        white = picture.copy()
        white[: round(share * len(picture))] = 255
        yield white


def rained_on(pictures: Sequence[Picture], share: float) -> Iterator[Picture]:
    """Bright streaks, one pixel wide and a twentieth of the height long, on so many hundredths of the picture."""
    rng = np.random.default_rng(5)
    for picture in pictures:
        height, width = picture.shape[:2]
        length, wet = max(4, height // 20), picture.astype(np.int16)
        for _ in range(round(share / 100 * width * height / length)):
            x, y = rng.integers(0, width - length // 4), rng.integers(0, height - length)
            down = np.arange(length)
            wet[y + down, x + down // 6] += 70
        yield np.clip(wet, 0, 255).astype(np.uint8)


def shaken(pictures: Sequence[Picture], pixels: float) -> Iterator[Picture]:
    """A mast in the wind: each picture lies so many pixels beside its place, at the edge repeated."""
    rng, most = np.random.default_rng(6), round(pixels)
    for picture in pictures:
        angle = rng.uniform(0, 2 * np.pi)
        dx, dy = round(most * np.cos(angle)), round(most * np.sin(angle))
        padded = np.pad(picture, ((most, most), (most, most), (0, 0)), "edge")
        yield padded[most + dy : most + dy + picture.shape[0], most + dx : most + dx + picture.shape[1]]


TRANSFORMS: dict[str, tuple[Transform, tuple[float, ...]]] = {
    "blur": (blurred, (0.0, 1.0, 2.0, 4.0)),
    "gamma": (darkened, (0.0, 0.5, 1.0, 2.0, 3.0)),
    "sun": (burnt, (0.0, 0.4, 0.6, 0.8)),
    "rain": (rained_on, (0.0, 1.0, 2.0, 4.0, 8.0)),
    "shake": (shaken, (0.0, 2.0, 4.0, 8.0)),
}
"""By name, with strengths that rise."""
