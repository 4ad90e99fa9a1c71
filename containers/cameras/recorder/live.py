"""A camera's stream as clips: cut at key pictures, put on disk as it comes, connected again whenever it broke off."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from civicam.cameras.rtsp.description import Codec
from civicam.cameras.rtsp.packets import Picture, SenderReport, kind_of
from civicam.contracts.base import utc_text
from civicam.contracts.errors import Rejected, Unavailable
from civicam.runtime.elementary import Coded, Muxer, annex_b
from civicam.runtime.segmenting import Segment, stamp
from containers.cameras.recorder.recordings import Recorded
from containers.cameras.recorder.rtsp import RtspCamera, Stream
from containers.cameras.recorder.spool import Format, Spool, Spooled
from containers.cameras.recorder.waiting import wait_seconds

logger = logging.getLogger("recorder")


@dataclass
class Live:
    """One camera's stream; `seconds` is the least length of a clip."""

    camera: RtspCamera
    camera_id: str
    folder: Path
    seconds: float
    stop: Event
    first_wait_s: float = 1.0
    connections: int = 0
    received_bytes: int = 0
    """Of coded pictures, from the first key picture of each connection on."""
    _muxer: tuple[Format, Muxer] | None = None

    def clips(self) -> Iterator[Recorded]:
        """First what an earlier run had received, then what comes, until `stop`.

        Raises Rejected where the camera refuses before it ever played: its address, its login, its video.
        """
        spool = Spool(self.folder)
        for left in spool.left():
            yield from self._recorded(left)
        tries = 0
        while not self.stop.is_set():
            before = self.received_bytes
            try:
                yield from self._play(spool)
            except (Unavailable, Rejected) as error:
                if isinstance(error, Rejected) and not self.connections:
                    raise
                tries = 1 if self.received_bytes > before else tries + 1
                seconds = wait_seconds(tries, self.first_wait_s)
                logger.warning("camera: %s; connecting again in %.1f s", error, seconds)
                self.stop.wait(seconds)

    def _play(self, spool: Spool) -> Iterator[Recorded]:
        """One connection's clips; the last one is what had come when it broke off."""
        stream = self.camera.connect()
        self.connections += 1
        growing: Spooled | None = None
        broke_off: Unavailable | None = None
        try:
            for picture in self._received(stream, spool):
                ended = None
                if picture.is_key and (growing is None or self._is_long(growing, picture)):
                    ended, growing = growing, self._begin(spool, stream, picture, growing)
                if growing:
                    spool.picture(picture)
                    self.received_bytes += picture.size_bytes
                    growing.add(picture)
                if ended:
                    yield from self._recorded(ended)
                    spool.forget_all_but_the_last()
        except Unavailable as error:
            broke_off = error
        finally:
            stream.close()
            spool.close()
        if growing:
            yield from self._recorded(growing)
            spool.forget()
        if broke_off:
            raise broke_off

    def _received(self, stream: Stream, spool: Spool) -> Iterator[Picture]:
        """The pictures that come until `stop`; what the camera's clock says is kept, and said where it changed."""
        for received in stream.received():
            if self.stop.is_set():
                return
            if said := stream.clock.statement():
                logger.info("clock: %s", said)
            if isinstance(received, SenderReport):
                spool.report(received)
            else:
                yield received

    def _begin(self, spool: Spool, stream: Stream, first: Picture, before: Spooled | None) -> Spooled:
        """The next clip; the one before it ends here."""
        if before:
            before.end_ticks = first.ticks
            spool.end(first.ticks)
        known = before.format.parameters if before else stream.video.parameters
        told = Format(
            stream.video.codec,
            stream.video.clock_rate,
            _parameters(first, stream.video.codec) or known,
            stream.clock.tolerance_s,
        )
        spool.begin(told, stream.clock.last)
        return Spooled(told, stream.clock)

    def _is_long(self, growing: Spooled, received: Picture) -> bool:
        """Whether the clip may end before this key picture; it must, where the camera was set otherwise."""
        seconds = growing.clock.seconds(growing.pictures[0].ticks, received.ticks)
        told = _parameters(received, growing.format.codec)
        return seconds >= self.seconds or seconds < 0 or (bool(told) and told != growing.format.parameters)

    def _recorded(self, spooled: Spooled) -> Iterator[Recorded]:
        """The clip, unless its pictures make none."""
        pictures, told = spooled.pictures, spooled.format
        taken = spooled.clock.taken(pictures)
        start = datetime.fromtimestamp(round(taken.at, 3), UTC)
        end = spooled.end_ticks if spooled.end_ticks is not None else _end_of(pictures, told.clock_rate)
        seconds = max(spooled.clock.seconds(pictures[0].ticks, end), 0.001)
        coded = [Coded(one.ticks, annex_b(_without(one.units, told.parameters)), one.is_key) for one in pictures]
        try:
            body = self._muxer_of(told).mp4(coded, end, stamp(self.camera_id, start))
        except Rejected as error:
            logger.error("%d pictures from %s make no clip: %s", len(pictures), utc_text(start), error)
            return
        yield Recorded(start, Segment(0.0, seconds, body), taken.quality, is_stamped=True)

    def _muxer_of(self, told: Format) -> Muxer:
        if self._muxer is None or self._muxer[0] != told:
            self._muxer = told, Muxer(told.codec, told.clock_rate, annex_b(told.parameters))
        return self._muxer[1]


def _parameters(picture: Picture, codec: Codec) -> tuple[bytes, ...]:
    """The parameter sets that came with a picture, each once."""
    return tuple(dict.fromkeys(unit for unit in picture.units if kind_of(unit, codec) == "parameters"))


def _without(units: tuple[bytes, ...], known: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """A picture's units without those that the clip's head holds."""
    return tuple(unit for unit in units if unit not in known)


def _end_of(pictures: list[Picture], clock_rate: int) -> int:
    """Where a clip that broke off ends: after its last picture, as long as the pictures before it lasted."""
    shown = sorted(picture.ticks for picture in pictures)
    step = (shown[-1] - shown[0]) // (len(shown) - 1) if len(shown) > 1 else clock_rate // 25
    return shown[-1] + max(1, step)
