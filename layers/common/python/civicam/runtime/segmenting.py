"""Cutting a recording into clips at its keyframes, without re-encoding: what a recorder at the edge does.

Sound is left out: nobody listens to the city. A clip bears its capture time, so that a still scene's clips differ too.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from civicam.contracts.base import utc_text
from civicam.contracts.errors import Rejected

if TYPE_CHECKING:
    from av.packet import Packet as AnyPacket

    Packet = AnyPacket[VideoStream]

CLIP_FORMAT = "mp4"
_HALF_A_FRAME = Fraction(1, 120)
"""Stated times are rounded: a keyframe this close to one is meant by it."""


@dataclass(frozen=True)
class Segment:
    """A clip of a recording: where it lies in it, in seconds from the first picture, and its bytes."""

    start_s: float
    end_s: float
    body: bytes

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end_s - self.start_s


def segments(path: Path, seconds: float, *, start_s: float = 0.0, end_s: float | None = None) -> Iterator[Segment]:
    """The recording (or its part from `start_s` up to `end_s`) in clips of at least `seconds`, each from a keyframe on.

    Raises Rejected (`not_a_video`) for what holds no video.
    """
    with _opened(path) as recording:
        video = recording.streams.video[0]
        base, origin = _time_base(video), video.start_time or 0
        start = origin * base + Fraction(start_s)
        end = None if end_s is None else origin * base + Fraction(end_s)
        group: list[Packet] = []
        for packet in _wanted(recording, start, end):
            if packet.is_keyframe and group and (_pts(packet) - _pts(group[0])) * base >= Fraction(seconds):
                yield _segment(video, group, _pts(packet), origin)
                group = []
            group.append(packet)
        if group:
            yield _segment(video, group, max(_pts(packet) + (packet.duration or 0) for packet in group), origin)


def stamped(body: bytes, camera_id: str, capture_start: datetime) -> bytes:
    """The clip with its camera and capture time in the container's metadata; the same bytes for the same stamp."""
    with av.open(BytesIO(body), "r") as clip:
        video = clip.streams.video[0]
        packets = [packet for packet in clip.demux(video) if packet.pts is not None]
        return _muxed(video, packets, 0, stamp(camera_id, capture_start))


def stamp(camera_id: str, capture_start: datetime) -> dict[str, str]:
    """What a clip's container says of camera and capture time."""
    at = utc_text(capture_start)
    return {"creation_time": at, "comment": f"{camera_id} {at}"}


def _opened(path: Path) -> InputContainer:
    try:
        recording = av.open(str(path), "r")
    except (av.FFmpegError, OSError) as error:
        raise Rejected("not_a_video", f"{path.name} cannot be read as a recording: {error}") from error
    if not recording.streams.video:
        recording.close()
        raise Rejected("not_a_video", f"{path.name} holds no video")
    return recording


def _wanted(recording: InputContainer, start: Fraction, end: Fraction | None) -> "Iterator[Packet]":
    """Packets from the first keyframe at or after the start up to the first keyframe at or after the end."""
    base, begun = _time_base(recording.streams.video[0]), False
    for packet in recording.demux(recording.streams.video[0]):
        if packet.pts is None or packet.dts is None:
            continue
        if packet.is_keyframe and end is not None and _pts(packet) * base >= end - _HALF_A_FRAME:
            return
        begun = begun or (packet.is_keyframe and _pts(packet) * base >= start - _HALF_A_FRAME)
        if begun:
            yield packet


def _segment(video: VideoStream, packets: "list[Packet]", end: int, origin: int) -> Segment:
    base, first = _time_base(video), _pts(packets[0])
    return Segment(float((first - origin) * base), float((end - origin) * base), _muxed(video, packets, first, {}))


def _muxed(video: VideoStream, packets: "Iterable[Packet]", first: int, metadata: dict[str, str]) -> bytes:
    """An MP4 of these packets whose first picture stands at 0."""
    written = BytesIO()
    with av.open(written, "w", format=CLIP_FORMAT) as clip:
        clip.metadata.update(metadata)
        stream = clip.add_stream_from_template(video)
        for packet in packets:
            packet.pts, packet.dts = _pts(packet) - first, (packet.dts or 0) - first
            packet.stream = stream
            clip.mux(packet)
    return written.getvalue()


def _pts(packet: "Packet") -> int:
    return packet.pts or 0


def _time_base(video: VideoStream) -> Fraction:
    return video.time_base or Fraction(1)
