"""Clips through libav: what a file holds, then the planned frames and no others."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from civicam.contracts.errors import Rejected
from civicam.runtime.container import open_film
from civicam.runtime.frames import Frames, Ranked
from civicam.runtime.pictures import bounded, encode_jpeg, encode_planes
from civicam.vision.admission import Limits, Reason, admit_length, admit_picture
from civicam.vision.sampling import Luma, Timeline

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
"""Counter-clockwise, as libav and Pillow both count."""
MISSING_TAIL_S = 1.0
MISSING_TAIL_SHARE = 0.05
"""A container that says so much more than it holds was cut off."""
A_SINGLE_FRAME_S = 1.0
"""How long a clip of one frame lasts where its container does not say."""


@dataclass(frozen=True)
class DecodedFrame:
    """A `Picture` that libav decoded."""

    index: int
    frame: "VideoFrame"
    reformatter: VideoReformatter

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as displayed."""
        width, height = self.frame.width, self.frame.height
        return (height, width) if self._turn in {90, 270} else (width, height)

    @cached_property
    def _turn(self) -> int:
        return round(self.frame.rotation / 90) * 90 % 360

    def luma(self) -> Luma:
        """The luma plane itself where the pixel format has one of bytes, else a grey copy."""
        form = self.frame.format
        is_plane = form.is_planar and not form.is_rgb and form.components[0].bits == 8
        grey = self.frame if is_plane else self.frame.reformat(format="gray")
        return _plane(grey, 0)

    def image(self, long_side: int) -> Image.Image:
        """RGB, scaled by area, turned as the file says that it is displayed."""
        image = Image.fromarray(self._scaled(long_side, "rgb24").to_ndarray())
        return image.transpose(TURNS[self._turn]) if self._turn else image

    def jpeg(self, long_side: int) -> bytes:
        """The same without spelling it out as RGB, its colours at full height and half width."""
        if self._turn:
            return encode_jpeg(self.image(long_side))
        scaled = self._scaled(long_side, "yuv422p", ColorRange.JPEG, Colorspace.ITU601)
        return encode_planes([_plane(scaled, number) for number in range(3)])

    def _scaled(
        self, long_side: int, form: str, levels: ColorRange | None = None, colours: Colorspace | None = None
    ) -> "VideoFrame":
        width, height = bounded((self.frame.width, self.frame.height), long_side)
        return self.reformatter.reformat(
            self.frame,
            width,
            height,
            form,
            interpolation=Interpolation.AREA,
            dst_color_range=levels,
            dst_colorspace=colours,
            threads=1,
        )


def _plane(frame: "VideoFrame", number: int) -> Luma:
    """One plane of bytes, without what pads its rows."""
    plane = frame.planes[number]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]


class Clip:
    """One video file, opened: a `Reader`. Raises Rejected for what cannot be used."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        film = open_film(file)
        admit_picture(film.stream.codec_context.width, film.stream.codec_context.height, limits)
        coded = film.coded()
        if not film.is_avi and any(later.stamp < earlier.stamp for earlier, later in pairwise(coded)):
            film = open_film(file, probed=True)
            coded = film.coded()
        stamps = sorted({picture.stamp for picture in coded})
        ranks = {stamp: rank for rank, stamp in enumerate(stamps)}
        self._film, self._coded = film, [Ranked(ranks[picture.stamp], picture.packet) for picture in coded]
        self.timeline = self._timeline(stamps)
        self._admit(limits)
        self._frames = Frames(film, self._coded, ranks)
        self._reformatter = VideoReformatter()
        self._asked: set[int] = set()
        self._returned: set[int] = set()

    @property
    def damaged(self) -> int:
        """How many of the frames asked for could not be decoded, or rest on one that could not."""
        return len(self._asked) - len(self._returned)

    def picture(self, index: int, *, alone: bool) -> DecodedFrame | None:
        """One frame, None where it is not whole; `alone`: a key frame, decoded by itself."""
        self._asked.add(index)
        frame = self._frames.alone(index) if alone else self._frames.in_order(index)
        if frame is None:
            return None
        self._returned.add(index)
        return DecodedFrame(index, frame, self._reformatter)

    def _timeline(self, stamps: list[int]) -> Timeline:
        base = self._film.stream.time_base or 0
        times = np.array([float((stamp - stamps[0]) * base) for stamp in stamps], dtype=np.float64)
        keyframes = np.zeros(times.size, dtype=np.bool_)
        keyframes[[one.rank for one in self._coded if one.packet.is_keyframe]] = True
        if not times.size:
            return Timeline(times, keyframes, 0.0)
        last_s = Timeline(times, keyframes, self._film.stated_seconds or A_SINGLE_FRAME_S).spacing_s
        return Timeline(times, keyframes, float(times[-1]) + last_s, self._sizes(times.size))

    def _sizes(self, count: int) -> NDArray[np.int64]:
        """None in AVI, whose pictures cannot be found again one by one."""
        if self._film.is_avi:
            return np.zeros(0, np.int64)
        ranks, sizes = [one.rank for one in self._coded], [one.packet.size for one in self._coded]
        return np.bincount(ranks, sizes, count).astype(np.int64)

    def _admit(self, limits: Limits) -> None:
        held, stated = self.timeline.duration_s, self._film.stated_seconds
        admit_length(held, self.timeline.times.size, limits)
        if stated - held > max(MISSING_TAIL_S, MISSING_TAIL_SHARE * stated):
            raise Rejected(
                Reason.TRUNCATED,
                f"the file says that it lasts {stated:.1f} s and holds {held:.1f} s: "
                "the recording or the upload broke off, send it again",
            )
