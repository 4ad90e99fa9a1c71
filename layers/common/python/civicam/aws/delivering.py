"""Sources as adapters: each reads its kind of source, and says in one way what came of it. None writes anything."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from civicam.aws.http_source import Keys, NotThere, Reading, SourceReader
from civicam.aws.mjpeg import StreamReader
from civicam.cameras.exports import Stretch, address, due, missed, missing
from civicam.cameras.lengths import stated_seconds
from civicam.cameras.pulls import END_HEADER, START_HEADER, Pull, captured, series_minute
from civicam.cameras.series import pack, picture_name
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import ClipDeclaration, FootageMissed, HttpSource, Source
from civicam.contracts.errors import Rejected, Unavailable
from civicam.contracts.footage import MEDIA_EXTENSIONS, SERIES_MEDIA_TYPE, ClockQuality
from civicam.contracts.sources import ExportSource, MjpegSource

PICTURE_TYPES = ("image/jpeg",)
CLIP_TYPES = tuple(kind for kind in MEDIA_EXTENSIONS if kind.startswith("video/"))
EXPORTED_UNTIL = "exported-until"
"""As far as a recorder's time was exported: remembered among what its source last said."""


@dataclass(frozen=True)
class Visit:
    """One visit to a source: why, what it said last time, and what may be shown to it."""

    pull: Pull
    last: Mapping[str, str] = field(default_factory=dict)
    keys: Keys | None = None


@dataclass(frozen=True)
class Capture:
    """Footage as a source delivered it."""

    start: datetime
    end: datetime
    clock_quality: ClockQuality
    media_type: str
    body: bytes = field(repr=False)

    def declared(self, camera_id: str) -> ClipDeclaration:
        """What the city states about it to itself."""
        return ClipDeclaration(
            camera_id=camera_id,
            capture_start=self.start,
            capture_end=self.end,
            clock_quality=self.clock_quality,
            sha256=hashlib.sha256(self.body).hexdigest(),
            size_bytes=len(self.body),
            media_type=self.media_type,
        )


@dataclass(frozen=True)
class Delivery:
    """What came of a visit: footage, or pictures that wait until their minute is closed; and what to remember."""

    captures: tuple[Capture, ...] = ()
    pictures: tuple[tuple[datetime, datetime, bytes], ...] = ()
    """The minute that each belongs to, when it was asked for, and its JPEG."""
    missed: tuple[FootageMissed, ...] = ()
    said: Reading | None = None
    """Remembered once everything else is safe; None where nothing is new."""


NOTHING = Delivery()


class Adapter(Protocol):
    """Reads one kind of source. Raises Rejected and Unavailable as `SourceReader.read` does."""

    def visit(self, visit: Visit) -> Delivery:
        """What the source delivers this time; NOTHING where that is what it delivered last."""


def adapter(source: Source, reader: SourceReader, clock: Callable[[], datetime] = now) -> Adapter:
    """The one for a source; raises Rejected (`not_pulled`) for what pushes its footage."""
    if isinstance(source, HttpSource):
        return Pictures(source, reader, clock) if source.kind == "http_picture" else Clips(source, reader)
    if isinstance(source, MjpegSource):
        return Stream(source, StreamReader(reader, clock))
    if isinstance(source, ExportSource):
        return Export(source, reader, clock)
    raise Rejected("not_pulled", f"a source of kind {source.kind} delivers by itself: nothing is pulled")


@dataclass(frozen=True)
class Clips:
    """An address that gives its last clip."""

    source: HttpSource
    reader: SourceReader

    def visit(self, visit: Visit) -> Delivery:
        """The clip, with the time that the source states or else the receiver's."""
        said = _new(self.reader.read(self.source.url, CLIP_TYPES, known=dict(visit.last), keys=visit.keys), visit)
        if said is None:
            return NOTHING
        start, end, clock_quality = captured(said.headers, visit.pull, self.source)
        return Delivery((Capture(start, end, clock_quality, said.media_type, said.body),), said=said)


@dataclass(frozen=True)
class Pictures:
    """An address that gives the present picture: 512x288 every 12 s or so from the city's own public cameras.

    One that stopped sends its last picture for ever: it answers 304, or the same bytes, and both are nothing new.
    """

    source: HttpSource
    reader: SourceReader
    clock: Callable[[], datetime]

    def visit(self, visit: Visit) -> Delivery:
        """The picture, for the series of its minute."""
        asked_at = self.clock()
        said = _new(self.reader.read(self.source.url, PICTURE_TYPES, known=dict(visit.last), keys=visit.keys), visit)
        if said is None:
            return NOTHING
        return Delivery(pictures=((series_minute(visit.pull), asked_at, said.body),), said=said)


@dataclass(frozen=True)
class Stream:
    """A stream of pictures, read for a while: its pictures become one series."""

    source: MjpegSource
    reader: StreamReader

    def visit(self, visit: Visit) -> Delivery:
        """The series; nothing where the stream shows what it showed last time, and only that."""
        kept = self.reader.read(self.source, visit.keys)
        shown = Reading(next(reversed(kept.values())), PICTURE_TYPES[0], {})
        if len(kept) == 1 and _new(shown, visit) is None:
            return NOTHING
        last = max(kept)
        end = last + timedelta(seconds=1 / self.source.fps)
        body = pack({picture_name(moment): picture for moment, picture in kept.items()})
        capture = Capture(min(kept), end, ClockQuality.RECEIVED, SERIES_MEDIA_TYPE, body)
        return Delivery((capture,), said=shown)


@dataclass(frozen=True)
class Export:
    """A video recorder that exports stretches of its time."""

    source: ExportSource
    reader: SourceReader
    clock: Callable[[], datetime]

    def visit(self, visit: Visit) -> Delivery:
        """The next stretches, oldest first, as far as the device has them; what it will never have is told."""
        at, until = self.clock(), visit.last.get(EXPORTED_UNTIL)
        lost, wanted = due(self.source, datetime.fromisoformat(until) if until else None, at)
        gaps = [missed(visit.pull.camera_id, lost, "not_exported", at)] if lost else []
        captures, said = list[Capture](), _until(lost.end, b"") if lost else None
        for stretch in wanted:
            reading = self._read(stretch, visit, is_first=not captures)
            if reading is None:
                break
            got = self._got(stretch, reading)
            captures.append(Capture(got.start, got.end, ClockQuality.DECLARED, reading.media_type, reading.body))
            gaps += [missed(visit.pull.camera_id, gap, "partial", at) for gap in missing(stretch, got)]
            said = _until(stretch.end, reading.body)
        return Delivery(tuple(captures), missed=tuple(gaps), said=said)

    def _read(self, stretch: Stretch, visit: Visit, *, is_first: bool) -> Reading | None:
        """One stretch; None where the device does not have it yet. What came before it in this visit is not lost."""
        try:
            return self.reader.read(address(self.source, stretch), CLIP_TYPES, keys=visit.keys)
        except NotThere:
            return None
        except Unavailable:
            if is_first:
                raise
            return None

    def _got(self, asked: Stretch, reading: Reading) -> Stretch:
        """The stretch that the clip holds: as the device states it, else from where it was asked, as long as it is."""
        told = reading.headers.get(START_HEADER), reading.headers.get(END_HEADER)
        if any(told):
            try:
                start, end = (datetime.fromisoformat(str(text)) for text in told)
                return Stretch(min(max(start, asked.start), asked.end), end) if start < end else asked
            except (TypeError, ValueError) as error:
                raise Rejected("malformed_footage", "the device states no two RFC 3339 times with its clip") from error
        seconds = stated_seconds(reading.body)
        return asked if seconds is None else Stretch(asked.start, asked.start + timedelta(seconds=seconds))


def _new(reading: Reading | None, visit: Visit) -> Reading | None:
    """The reading, None where it is what the source said last."""
    is_same = reading is not None and hashlib.sha256(reading.body).hexdigest() == visit.last.get("sha256")
    return None if is_same else reading


def _until(moment: datetime, body: bytes) -> Reading:
    return Reading(body, "", {EXPORTED_UNTIL: utc_text(moment)})
