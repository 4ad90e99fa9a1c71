"""What a camera sends, on disk as it comes: a process that is killed loses nothing that it had received.

A file holds one clip's pictures. Its end is written before the clip is made of it, so that whoever makes the clip
again after a kill makes the very same one.
"""

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from civicam.cameras.rtsp.clock import CaptureClock
from civicam.cameras.rtsp.description import Codec
from civicam.cameras.rtsp.packets import Picture, SenderReport
from civicam.contracts.errors import Inconsistent, Unavailable

_HEAD, _PICTURE, _REPORT, _END = b"H", b"P", b"R", b"E"
_RECORD, _OF_PICTURE, _OF_REPORT, _LENGTH = (struct.Struct(form) for form in (">cI", ">qdB", ">qdd", ">I"))
LONGEST_CLIP_S, LONGEST_CLIP_BYTES = 120.0, 150_000_000
"""A camera without key pictures is told so, before its clip fills memory and disk."""


@dataclass(frozen=True)
class Format:
    """What all pictures of a spool have in common; `parameters` are NAL units."""

    codec: Codec
    clock_rate: int
    parameters: tuple[bytes, ...]
    tolerance_s: float


@dataclass
class Spooled:
    """One clip's pictures, in the order in which they came, and the clock by which they were taken."""

    format: Format
    clock: CaptureClock
    pictures: list[Picture] = field(default_factory=list)
    end_ticks: int | None = None
    """Where the next clip begins; None where the recording broke off."""
    size_bytes: int = 0

    def add(self, picture: Picture) -> None:
        """One picture more; raises Unavailable where there are too many without a key picture among them."""
        self.pictures.append(picture)
        self.size_bytes += picture.size_bytes
        seconds = self.clock.seconds(self.pictures[0].ticks, picture.ticks)
        if seconds > LONGEST_CLIP_S or self.size_bytes > LONGEST_CLIP_BYTES:
            raise Unavailable(f"no key picture in {seconds:.0f} s: set the camera's key frame interval to some seconds")


class Spool:
    """A folder of such files, by number; the highest one grows."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._file = folder, -1
        folder.mkdir(parents=True, exist_ok=True)
        self._number = max(map(_number, self._paths()), default=0)

    def left(self) -> Iterator[Spooled]:
        """What earlier runs left, oldest first; each is removed once the next one is asked for."""
        for path in self._paths():
            if spooled := read_spool(path):
                yield spooled
            path.unlink()

    def begin(self, told: Format, report: SenderReport | None) -> None:
        """Begin the next clip's file; `report` is the last one that the camera made."""
        self.close()
        self._number += 1
        path = self._folder / f"{self._number:08d}.spool"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        document = vars(told) | {"parameters": [unit.hex() for unit in told.parameters]}
        self._write(_HEAD, json.dumps(document).encode())
        if report:
            self.report(report)

    def picture(self, picture: Picture) -> None:
        """Keep a picture."""
        units = b"".join(_LENGTH.pack(len(unit)) + unit for unit in picture.units)
        self._write(_PICTURE, _OF_PICTURE.pack(picture.ticks, picture.received_at, picture.is_key) + units)

    def report(self, report: SenderReport) -> None:
        """Keep what the camera said of its clock, where a clip grows."""
        if self._file >= 0:
            self._write(_REPORT, _OF_REPORT.pack(report.ticks, report.camera_at, report.received_at))

    def end(self, ticks: int) -> None:
        """The clip is whole: its successor begins at this tick."""
        self._write(_END, struct.pack(">q", ticks))

    def forget_all_but_the_last(self) -> None:
        """What stands in the buffer needs no spool; the clip that grows does."""
        for path in self._paths()[:-1]:
            path.unlink()

    def forget(self) -> None:
        """Nothing waits here any more."""
        self.close()
        for path in self._paths():
            path.unlink()

    def close(self) -> None:
        """End the growing file; it stays."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, kind: bytes, content: bytes) -> None:
        record = memoryview(_RECORD.pack(kind, len(content)) + content)
        while record:
            record = record[os.write(self._file, record) :]

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.spool"))


def _number(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else 0


def read_spool(path: Path) -> Spooled | None:
    """The pictures of a file up to where it breaks off; None where there are none."""
    spooled: Spooled | None = None
    for kind, content in _records(path.read_bytes()):
        if kind == _HEAD:
            told = json.loads(content)
            told["parameters"] = tuple(bytes.fromhex(unit) for unit in told["parameters"])
            form = Format(**told)
            spooled = Spooled(form, CaptureClock(form.clock_rate, form.tolerance_s))
        elif spooled is None:
            raise Inconsistent(f"{path.name} does not begin with what it holds: remove it")
        elif kind == _PICTURE:
            spooled.pictures.append(_picture(content))
        elif kind == _REPORT:
            spooled.clock.hear(SenderReport(*_OF_REPORT.unpack(content)))
        elif kind == _END:
            (spooled.end_ticks,) = struct.unpack(">q", content)
    return spooled if spooled and spooled.pictures else None


def _records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + _RECORD.size <= len(content):
        kind, length = _RECORD.unpack_from(content, at)
        at += _RECORD.size
        if at + length > len(content):
            return  # what was being written when the process was killed
        yield kind, content[at : at + length]
        at += length


def _picture(content: bytes) -> Picture:
    ticks, received_at, is_key = _OF_PICTURE.unpack_from(content)
    units, at = [], _OF_PICTURE.size
    while at < len(content):
        (length,) = _LENGTH.unpack_from(content, at)
        units.append(content[at + _LENGTH.size : at + _LENGTH.size + length])
        at += _LENGTH.size + length
    return Picture(ticks, tuple(units), bool(is_key), received_at)
