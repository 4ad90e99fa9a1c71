"""An MP4 film, made picture by picture."""

from fractions import Fraction
from typing import BinaryIO, Literal

import av
import numpy as np
from PIL import Image

from civicam.vision.boxes import Size

TICKS = 60_000
"""A second in the film's own time: pictures keep their times, however unevenly they came (MPEG-4 counts to 65,535)."""
Codec = Literal["libx264", "mpeg4"]
CODECS: dict[Codec, dict[str, str]] = {
    "libx264": {"preset": "veryfast", "crf": "23"},
    "mpeg4": {"flags": "+qscale", "global_quality": "472"},
}
"""The better one first: a build of FFmpeg without GPL parts has no libx264. (472: quantiser 4, times FF_QP2LAMBDA.)"""


class Film:
    """Written as pictures of one size are added; whole once it is closed."""

    def __init__(self, file: BinaryIO, size: Size, fps: float, codec: Codec) -> None:
        """`file` can be seeked; `size` is even both ways; `fps` is what players show, the pictures' times count."""
        self._container = av.open(file, "w", format="mp4")
        self._stream = self._container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, TICKS)
        self._stream.codec_context.options = CODECS[codec]

    def add(self, picture: Image.Image, time_s: float) -> None:
        """The next picture, shown from `time_s` on."""
        frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
        frame.pts, frame.time_base = round(time_s * TICKS), Fraction(1, TICKS)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is still held back, and the index."""
        self._container.mux(self._stream.encode(None))
        self._container.close()


def best_codec() -> Codec:
    """The best codec that this FFmpeg has."""
    return next(codec for codec in CODECS if codec in av.codecs_available)
