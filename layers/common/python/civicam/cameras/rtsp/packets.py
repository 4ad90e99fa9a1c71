"""RTP packets (RFC 3550) of H.264 (RFC 6184) and H.265 (RFC 7798) put together to pictures; sender reports."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from civicam.cameras.rtsp.description import Codec

MAX_PICTURE_BYTES = 16_000_000
"""No camera's picture has more; one without end must not fill the memory."""
_WRAP, _HALF = 1 << 32, 1 << 31
_NTP_TO_UNIX = 2_208_988_800
"""Seconds from 1900 to 1970."""
_SENDER_REPORT = 200
Unit = Literal["parameters", "key", "other"]


@dataclass(frozen=True)
class Picture:
    """One coded picture: its NAL units, and its timestamp in ticks that never wrap."""

    ticks: int
    units: tuple[bytes, ...]
    is_key: bool
    received_at: float
    """By the recorder's clock, seconds since 1970: when its last packet was here."""

    @property
    def size_bytes(self) -> int:
        """What its units take."""
        return sum(map(len, self.units))


@dataclass(frozen=True)
class SenderReport:
    """What the camera's clock showed (seconds since 1970) at a tick of the stream, and the recorder's when it came."""

    ticks: int
    camera_at: float
    received_at: float


class Ticks:
    """Timestamps of 32 bits, unwrapped."""

    def __init__(self) -> None:
        self._last: int | None = None

    def unwrap(self, stamp: int) -> int:
        """The tick that is meant: the nearest one to the tick before."""
        self._last = self.near(stamp)
        return self._last

    def near(self, stamp: int) -> int:
        """The same for what states a time beside the pictures; it does not move them."""
        return stamp if self._last is None else self._last + (stamp - self._last + _HALF) % _WRAP - _HALF


def sender_report(payload: bytes, ticks: Ticks, received_at: float) -> SenderReport | None:
    """The first report in an RTCP packet; None where there is none, or its camera knows no time."""
    if len(payload) < 20 or payload[0] >> 6 != 2 or payload[1] != _SENDER_REPORT:
        return None
    seconds, fraction, stamp = struct.unpack_from(">III", payload, 8)
    if not seconds:
        return None
    return SenderReport(ticks.near(stamp), seconds - _NTP_TO_UNIX + fraction / _WRAP, received_at)


def kind_of(unit: bytes, codec: Codec) -> Unit:
    """What a NAL unit is: a parameter set, part of a picture that needs no other, or anything else."""
    number = unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63
    if codec == "h264":
        return "parameters" if number in {7, 8} else "key" if number == 5 else "other"
    return "parameters" if number in {32, 33, 34} else "key" if 16 <= number <= 21 else "other"


@dataclass
class Pictures:
    """Puts packets together. A picture of which a packet is missing is dropped, and counted in `damaged`."""

    codec: Codec
    payload_type: int
    ticks: Ticks = field(default_factory=Ticks)
    damaged: int = 0
    _units: list[bytes] = field(default_factory=list)
    _fragment: bytearray | None = None
    _stamp: int | None = None
    _sequence: int | None = None
    _size: int = 0
    _broken: bool = False

    def feed(self, packet: bytes, received_at: float) -> Iterator[Picture]:
        """The pictures that this RTP packet ends: none, one, or two where the marker of the first was lost."""
        payload = _payload(packet)
        if payload is None or packet[1] & 127 != self.payload_type:
            return
        sequence, stamp = struct.unpack_from(">HI", packet, 2)
        lost = self._sequence is not None and sequence != (self._sequence + 1) & 0xFFFF
        self._sequence = sequence
        if stamp != self._stamp:
            if lost:
                self._broken = True
            yield from self._end(received_at)
            self._stamp = stamp
        self._broken = self._broken or lost
        self._take(payload)
        if packet[1] & 128:
            yield from self._end(received_at)

    def _end(self, received_at: float) -> Iterator[Picture]:
        units, broken, stamp = tuple(self._units), self._broken or self._fragment is not None, self._stamp
        self._units, self._fragment, self._size, self._broken = [], None, 0, False
        if broken:
            self.damaged += 1
        elif units and stamp is not None:
            is_key = any(kind_of(unit, self.codec) == "key" for unit in units)
            yield Picture(self.ticks.unwrap(stamp), units, is_key, received_at)

    def _take(self, payload: bytes) -> None:
        self._size += len(payload)
        if self._size > MAX_PICTURE_BYTES:
            self._units, self._fragment, self._broken = [], None, True
        elif self.codec == "h264":
            self._take_h264(payload)
        else:
            self._take_hevc(payload)

    def _take_h264(self, payload: bytes) -> None:
        kind = payload[0] & 31
        if 1 <= kind <= 23:
            self._units.append(payload)
        elif kind == 24:
            self._take_aggregate(payload, 1)
        elif kind == 28 and len(payload) > 2:
            self._take_fragment(payload[1], bytes([payload[0] & 0xE0 | payload[1] & 31]), payload[2:])
        else:
            self._broken = True

    def _take_hevc(self, payload: bytes) -> None:
        kind = payload[0] >> 1 & 63
        if len(payload) < 3:
            self._broken = True
        elif kind < 48:
            self._units.append(payload)
        elif kind == 48:
            self._take_aggregate(payload, 2)
        elif kind == 49 and len(payload) > 3:
            head = bytes([payload[0] & 0x81 | (payload[2] & 63) << 1, payload[1]])
            self._take_fragment(payload[2], head, payload[3:])
        else:
            self._broken = True

    def _take_aggregate(self, payload: bytes, at: int) -> None:
        while at + 2 < len(payload):
            end = at + 2 + (payload[at] << 8 | payload[at + 1])
            unit = payload[at + 2 : end]
            if end > len(payload) or len(unit) < 2:
                self._broken = True
                return
            self._units.append(unit)
            at = end

    def _take_fragment(self, flags: int, head: bytes, part: bytes) -> None:
        if flags & 128:
            self._broken = self._broken or self._fragment is not None
            self._fragment = bytearray(head)
        if self._fragment is None:
            self._broken = True
            return
        self._fragment += part
        if flags & 64:
            self._units.append(bytes(self._fragment))
            self._fragment = None


def _payload(packet: bytes) -> bytes | None:
    """What an RTP packet carries; None where it is none, or carries nothing."""
    if len(packet) < 13 or packet[0] >> 6 != 2:
        return None
    start, end = 12 + 4 * (packet[0] & 15), len(packet)
    if packet[0] & 16:  # a header extension
        if len(packet) < start + 4:
            return None
        start += 4 + 4 * (packet[start + 2] << 8 | packet[start + 3])
    if packet[0] & 32:  # padding
        end -= packet[-1]
    return packet[start:end] if start < end else None
