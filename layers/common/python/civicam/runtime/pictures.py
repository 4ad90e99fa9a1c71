"""Pictures on their way into a pack: what every reader of footage yields, and how a picture becomes a JPEG."""

import io
from collections.abc import Iterator
from typing import Protocol

from PIL import Image

from civicam.vision.sampling import Luma, Plan, Timeline

JPEG_QUALITY = 95
JPEG_444 = 0
"""No chroma subsampling: colour edges of small things survive (Pillow's `subsampling`)."""


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


class Reader(Protocol):
    """Footage that was opened and judged from outside; its pictures are decoded as they are asked for."""

    timeline: Timeline

    @property
    def damaged(self) -> int:
        """How many of the pictures asked for so far could not be had whole."""

    def pictures(self, plan: Plan) -> Iterator[Picture]:
        """The planned pictures that are whole, in the order of time."""


def bounded(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """The size scaled down, in its proportions, to at most `long_side` pixels; never up, never below one pixel."""
    longest = max(size)
    if longest <= long_side:
        return size
    return max(1, round(size[0] * long_side / longest)), max(1, round(size[1] * long_side / longest))


def encode_jpeg(image: Image.Image) -> bytes:
    """A JPEG of high quality, without metadata."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=JPEG_444)
    return buffer.getvalue()
