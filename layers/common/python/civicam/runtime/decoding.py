"""Clips through libav: what a file holds, then the planned frames and no others."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import TYPE_CHECKING, BinaryIO

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from PIL import Image

from civicam.contracts.errors import Rejected
from civicam.runtime.container import open_film
from civicam.runtime.pictures import bounded
from civicam.vision.admission import Limits, Reason, admit_length, admit_picture
from civicam.vision.sampling import Luma, Plan, Timeline

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

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
        plane = grey.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return rows[: grey.height, : grey.width]

    def image(self, long_side: int) -> Image.Image:
        """RGB, scaled by area, turned as the file says that it is displayed."""
        width, height = bounded((self.frame.width, self.frame.height), long_side)
        rgb = self.reformatter.reformat(self.frame, width, height, "rgb24", interpolation=Interpolation.AREA, threads=1)
        image = Image.fromarray(rgb.to_ndarray())
        return image.transpose(TURNS[self._turn]) if self._turn else image


class Clip:
    """One video file, opened: a `Reader`. Raises Rejected for what cannot be used."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._film = open_film(file)
        self._decoder = self._film.stream.codec_context
        admit_picture(self._decoder.width, self._decoder.height, limits)
        coded = self._film.coded()
        stamps = sorted({picture.stamp for picture in coded})
        self._ranks = {stamp: rank for rank, stamp in enumerate(stamps)}
        self._packets = [(self._ranks[picture.stamp], picture.packet) for picture in coded]
        self.timeline = self._timeline(stamps)
        self._admit(limits)
        self._broken: set[int] = set()
        self._asked = self._returned = 0

    @property
    def damaged(self) -> int:
        """How many of the frames asked for could not be decoded, or rest on one that could not."""
        return self._asked - self._returned

    def pictures(self, plan: Plan) -> Iterator[DecodedFrame]:
        """The planned frames that are whole, in the order of time."""
        wanted = set(plan.indices)
        self._asked = len(wanted)
        reformatter = VideoReformatter()
        for rank, frame in self._alone(wanted) if plan.keyframes_only else self._all_until(max(wanted)):
            if rank in wanted and rank not in self._broken and not frame.is_corrupt:
                wanted.discard(rank)
                self._returned += 1
                yield DecodedFrame(rank, frame, reformatter)

    def _alone(self, wanted: set[int]) -> "Iterator[tuple[int, VideoFrame]]":
        """Key frames, each decoded by itself: the packets between them are never touched."""
        for rank, packet in self._packets:
            if packet.is_keyframe and rank in wanted:
                for frame in (*(self._decoded(packet) or ()), *(self._decoded(None) or ())):
                    yield rank, frame
                self._decoder.flush_buffers()

    def _all_until(self, last: int) -> "Iterator[tuple[int, VideoFrame]]":
        """Every frame until the last one wanted."""
        decoded: list[int] = []
        for frame in self._all(decoded):
            # By its time stamp; in AVI, which knows no time of display, by the order of delivery.
            lowest = heappop(decoded) if decoded else -1
            rank = lowest if frame.pts is None or self._film.is_avi else self._ranks.get(frame.pts, lowest)
            yield rank, frame
            if rank == last:
                return

    def _all(self, decoded: list[int]) -> "Iterator[VideoFrame]":
        """Every frame; `decoded` is a heap of the ranks that the decoder took. What follows a damaged frame, up to the
        next key frame, rests on it and is broken too."""
        damaged = False
        for rank, packet in self._packets:
            frames = self._decoded(packet)
            damaged = frames is None or (damaged and not packet.is_keyframe)
            if damaged:
                self._broken.add(rank)
            if frames is not None:
                heappush(decoded, rank)
                yield from frames
        yield from self._decoded(None) or ()

    def _decoded(self, packet: "Packet[VideoStream] | None") -> "list[VideoFrame] | None":
        """The frames that come out when this packet goes in; None where it is damaged."""
        if packet is not None and packet.is_corrupt:
            return None
        try:
            return self._decoder.decode(packet)
        except MemoryError:
            raise
        except (av.error.FFmpegError, ValueError):
            return None

    def _timeline(self, stamps: list[int]) -> Timeline:
        base = self._film.stream.time_base or 0
        times = np.array([float((stamp - stamps[0]) * base) for stamp in stamps], dtype=np.float64)
        keyframes = np.zeros(times.size, dtype=np.bool_)
        keyframes[[rank for rank, packet in self._packets if packet.is_keyframe]] = True
        if not times.size:
            return Timeline(times, keyframes, 0.0)
        last_s = Timeline(times, keyframes, self._film.stated_seconds or A_SINGLE_FRAME_S).spacing_s
        return Timeline(times, keyframes, float(times[-1]) + last_s)

    def _admit(self, limits: Limits) -> None:
        held, stated = self.timeline.duration_s, self._film.stated_seconds
        admit_length(held, self.timeline.times.size, limits)
        if stated - held > max(MISSING_TAIL_S, MISSING_TAIL_SHARE * stated):
            raise Rejected(
                Reason.TRUNCATED,
                f"the file says that it lasts {stated:.1f} s and holds {held:.1f} s: "
                "the recording or the upload broke off, send it again",
            )
