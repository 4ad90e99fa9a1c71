"""Single frames of a film: decoded by themselves, or from the key frame before them on."""

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import accumulate
from typing import TYPE_CHECKING

import av

from civicam.runtime.container import Film

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

END = 1 << 62


@dataclass(frozen=True)
class Ranked:
    """A coded picture and its rank: its place in the order of display, from 0."""

    rank: int
    packet: "Packet[VideoStream]"


class Frames:
    """The frames of a film by rank. Whoever asks in the order of time has nothing decoded twice."""

    def __init__(self, film: Film, coded: list[Ranked], ranks: dict[int, int]) -> None:
        """`coded` in the order of decoding; `ranks` by time stamp."""
        self._film, self._decoder = film, film.stream.codec_context
        self._coded, self._ranks = coded, ranks
        self._keys = {one.rank: place for place, one in enumerate(coded) if one.packet.is_keyframe}
        self._key_places = list(self._keys.values())
        self._key_ranks = list(accumulate(self._keys, max))
        self._broken: set[int] = set()
        self._passed = 0
        self._restart(0)

    def alone(self, rank: int) -> "VideoFrame | None":
        """A key frame, decoded by itself: the packets around it are never touched. None where it is damaged."""
        self._decoder.flush_buffers()
        packet = self._coded[self._keys[rank]].packet
        frames = [*(self._decoded(packet) or ()), *(self._decoded(None) or ())]
        self._passed = END  # whoever asks for frames in order next begins at a key frame again
        return next((frame for frame in frames if not frame.is_corrupt), None)

    def in_order(self, rank: int) -> "VideoFrame | None":
        """Any frame, by way of those that it rests on; None where it, or one of those, is damaged."""
        if rank < self._passed or self._start_of(rank) > self._next:
            self._restart(self._start_of(rank))
        while self._ready or self._feed():
            while self._ready and self._ready[0][0] < rank:
                self._passed = self._ready.popleft()[0] + 1
            if self._ready:
                found, frame = self._ready[0]
                return None if found > rank or rank in self._broken or frame.is_corrupt else frame
        return None

    def _start_of(self, rank: int) -> int:
        """The place of the last key frame that is not shown after it. AVI names no order of display: from the start."""
        before = bisect_right(self._key_ranks, rank)
        return self._key_places[before - 1] if before and not self._film.is_avi else 0

    def _restart(self, place: int) -> None:
        self._decoder.flush_buffers()
        self._next, self._damaged, self._drained = place, False, False
        self._from = self._passed = self._coded[place].rank if place else 0
        self._taken: list[int] = []
        self._ready: deque[tuple[int, VideoFrame]] = deque()

    def _feed(self) -> bool:
        """Give the decoder its next packet, and keep what comes out; False when there is nothing more."""
        if self._next == len(self._coded):
            frames, self._drained = () if self._drained else self._decoded(None) or (), True
            self._keep(frames)
            return bool(frames)
        one = self._coded[self._next]
        self._next += 1
        if one.rank >= self._from:  # what is shown before the key frame we began at rests on frames before it
            self._take(one)
        return True

    def _take(self, one: Ranked) -> None:
        """What follows a damaged frame, up to the next key frame, rests on it and is broken too."""
        frames = self._decoded(one.packet)
        self._damaged = frames is None or (self._damaged and not one.packet.is_keyframe)
        if self._damaged:
            self._broken.add(one.rank)
        if frames is not None:
            heappush(self._taken, one.rank)
            self._keep(frames)

    def _keep(self, frames: "tuple[VideoFrame, ...] | list[VideoFrame]") -> None:
        for frame in frames:
            # By its time stamp; in AVI, which knows no time of display, by the order of delivery.
            lowest = heappop(self._taken) if self._taken else -1
            rank = lowest if frame.pts is None or self._film.is_avi else self._ranks.get(frame.pts, lowest)
            self._ready.append((rank, frame))

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
