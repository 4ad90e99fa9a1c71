"""What a recorder records: a file played as a camera would, once or for ever, or a folder that somebody fills."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from civicam.contracts.base import now
from civicam.contracts.footage import ClockQuality
from civicam.runtime.segmenting import Segment, segments

EXTENSIONS = {".mp4", ".mov", ".mkv", ".avi"}
SETTLED_SECONDS = 2
"""A file in a folder is whole when nobody has written to it for so long."""
LOOK_SECONDS = 1


@dataclass(frozen=True)
class Recorded:
    """A clip, and when it was filmed."""

    capture_start: datetime
    segment: Segment
    clock_quality: ClockQuality | None = None
    """None: as the recorder was told of its source."""
    is_stamped: bool = False
    """Whether its container says of which camera and time it is."""

    @property
    def capture_end(self) -> datetime:
        """The moment after its last picture."""
        return self.capture_start + timedelta(seconds=self.segment.seconds)


def play(path: Path, seconds: float, *, forever: bool, stop: Event) -> Iterator[Recorded]:
    """The file's clips in real time, each as it ends, stamped with the present time; until its end, or `stop`."""
    started = now()
    while not stop.is_set():
        played = 0.0
        for segment in segments(path, seconds):
            recorded = Recorded(started + timedelta(seconds=segment.start_s), segment)
            if stop.wait(max(0.0, (recorded.capture_end - now()).total_seconds())):
                return
            yield recorded
            played = segment.end_s
        if not forever:
            return
        started += timedelta(seconds=played)


def just_filmed(path: Path, seconds: float, end: datetime) -> Iterator[Recorded]:
    """The file's clips at once, as if the last one ended at `end`."""
    cut = list(segments(path, seconds))
    start = end - timedelta(seconds=cut[-1].end_s if cut else 0)
    return (Recorded(start + timedelta(seconds=segment.start_s), segment) for segment in cut)


class Folder:
    """A folder that a recorder of another make fills; files that were read are remembered, none is touched."""

    def __init__(self, path: Path, memory: Path) -> None:
        self._path, self._memory = path, memory
        self._done = set(memory.read_text().splitlines()) if memory.exists() else set()

    def clips(self, seconds: float, *, forever: bool, stop: Event) -> Iterator[Recorded]:
        """The clips of each whole file, oldest first; its last picture was taken when it was last written to."""
        while not stop.is_set():
            for path in self._ready():
                yield from just_filmed(path, seconds, _written(path))
                self._remember(path)
            if not forever or stop.wait(LOOK_SECONDS):
                return

    def _ready(self) -> list[Path]:
        found = [path for path in self._path.iterdir() if path.suffix.lower() in EXTENSIONS and path.is_file()]
        settled = [path for path in found if time.time() - path.stat().st_mtime >= SETTLED_SECONDS]
        return sorted((path for path in settled if _identity(path) not in self._done), key=_written)

    def _remember(self, path: Path) -> None:
        self._done.add(_identity(path))
        with self._memory.open("a") as memory:
            memory.write(_identity(path) + "\n")


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _identity(path: Path) -> str:
    told = path.stat()
    return f"{path.name}/{told.st_size}/{told.st_mtime_ns}"
