"""Pictures on their way into a pack: what every reader of footage yields, and how a picture becomes a JPEG."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import simplejpeg
from PIL import Image

from civicam.vision.sampling import Luma, Timeline

JPEG_QUALITY = 98
"""At 95 a detector loses two boxes in a hundred to the coding, from 98 on none (docs/decisions/0018)."""
EXACT_QUALITY, EXACT_CHROMA = 100, "444"


class Picture(Protocol):
    """One whole picture of a clip or a series, as displayed."""

    @property
    def index(self) -> int:
        """Its place among the source's frames, from 0 in the order of time."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def luma(self) -> Luma:
        """Brightness, rows by columns (rotation does not matter to whoever looks for motion)."""

    def image(self, long_side: int) -> Image.Image:
        """RGB, scaled down to at most that many pixels on its longer side."""

    def jpeg(self, long_side: int) -> bytes:
        """A JPEG of high quality of the same, without metadata, by the way that costs least."""


class Reader(Protocol):
    """Footage that was opened and judged from outside; its pictures are decoded as they are asked for."""

    timeline: Timeline

    @property
    def damaged(self) -> int:
        """How many of the pictures asked for so far could not be had whole."""

    def picture(self, index: int, *, alone: bool) -> Picture | None:
        """One picture, None where it is not whole. Cheapest in the order of time; what lies between is passed over.

        `alone`: it is one that can be decoded by itself, and shall be.
        """


def bounded(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """The size scaled down, in its proportions, to at most `long_side` pixels; never up, never below one pixel."""
    longest = max(size)
    if longest <= long_side:
        return size
    return max(1, round(size[0] * long_side / longest)), max(1, round(size[1] * long_side / longest))


def encode_jpeg(image: Image.Image) -> bytes:
    """The JPEG of an RGB picture, of the highest quality."""
    jpeg: bytes = simplejpeg.encode_jpeg(np.asarray(image), EXACT_QUALITY, "RGB", EXACT_CHROMA, False)
    return jpeg


def encode_planes(planes: Sequence[Luma]) -> bytes:
    """The JPEG of a picture in luma and two planes of colour, as JFIF has them."""
    jpeg: bytes = simplejpeg.encode_jpeg_yuv_planes(*planes, JPEG_QUALITY, False)
    return jpeg
