"""Coded pictures as a camera sent them, put into an MP4 as they are: nothing is decoded or encoded for it.

A clip's bytes depend on nothing but its pictures and its stamp, so the same pictures make the same clip again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from typing import Literal

import av
from av.container import InputContainer

from civicam.contracts.errors import Rejected

START_CODE = b"\x00\x00\x00\x01"
_QUIET = {"probesize": "1000000", "analyzeduration": "0", "framerate": "25"}


@dataclass(frozen=True)
class Coded:
    """One picture: its time in ticks (of its display, not of its decoding), and its NAL units behind start codes."""

    ticks: int
    body: bytes
    is_key: bool


def annex_b(units: Sequence[bytes]) -> bytes:
    """NAL units behind start codes (ITU-T H.264 and H.265, annex B)."""
    return b"".join(START_CODE + unit for unit in units)


class Muxer:
    """Makes MP4s of the pictures of a stream; `parameters` are its parameter sets behind start codes."""

    def __init__(self, codec: Literal["h264", "hevc"], clock_rate: int, parameters: bytes) -> None:
        self._codec, self._base, self._parameters = codec, Fraction(1, clock_rate), parameters
        self._described: InputContainer | None = None

    def mp4(self, pictures: Sequence[Coded], end: int, metadata: dict[str, str]) -> bytes:
        """An MP4 of these pictures, in the order of decoding, the first one a key; it lasts until the tick `end`.

        Raises Rejected (`not_a_video`) where the parameter sets describe no video.
        """
        self._described = self._described or _opened(self._codec, self._parameters + pictures[0].body)
        written, origin = BytesIO(), min(picture.ticks for picture in pictures)
        with av.open(written, "w", format="mp4") as clip:
            clip.metadata.update(metadata)
            stream = clip.add_stream_from_template(self._described.streams.video[0])
            stream.time_base = self._base
            ends = [*(picture.ticks for picture in pictures[1:]), end]
            for picture, decoded, until in zip(pictures, _decoding_times(pictures), ends, strict=True):
                packet = av.Packet(picture.body)
                packet.stream, packet.time_base, packet.is_keyframe = stream, self._base, picture.is_key
                packet.pts, packet.dts = picture.ticks - origin, decoded - origin
                packet.duration = max(0, until - picture.ticks)
                clip.mux(packet)
        return written.getvalue()


def _decoding_times(pictures: Sequence[Coded]) -> Iterator[int]:
    """Times in the order of decoding, none after its picture's own: those of display, put off by what is reordered."""
    shown = sorted(picture.ticks for picture in pictures)
    place = {ticks: index for index, ticks in enumerate(shown)}
    late = max(index - place[picture.ticks] for index, picture in enumerate(pictures))
    step = max(1, (shown[-1] - shown[0]) // max(1, len(shown) - 1))
    for index in range(len(shown)):
        yield shown[index - late] if index >= late else shown[0] - (late - index) * step


def _opened(codec: str, first: bytes) -> InputContainer:
    refused = Rejected("not_a_video", f"the camera's parameter sets describe no {codec} video")
    try:
        found = av.open(BytesIO(first), "r", format=codec, options=_QUIET)
    except (av.FFmpegError, OSError) as error:
        raise refused from error
    if not found.streams.video or not found.streams.video[0].width:
        found.close()
        raise refused
    return found
