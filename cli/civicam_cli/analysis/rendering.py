"""An analysed input as something to watch: redacted in every frame, annotated, a film or a contact sheet."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from PIL import Image
from pydantic import TypeAdapter

from civicam.contracts.base import utc_text
from civicam.contracts.errors import Rejected
from civicam.contracts.footage import SERIES_MEDIA_TYPE
from civicam.contracts.geometry import Line, Zone
from civicam.runtime.detector import open_picture
from civicam.runtime.film import Film, best_codec
from civicam.runtime.screen import Overlay, Screen, sheet
from civicam_cli.analysis.camera import SOME_DAY
from civicam_cli.analysis.captions import Captions
from civicam_cli.analysis.choice import Models
from civicam_cli.analysis.document import Analysis, Described, Wish
from civicam_cli.analysis.marks import Marks
from civicam_cli.analysis.redacting import Redaction, redact

CITY = ZoneInfo("Asia/Ho_Chi_Minh")
FILM, SHEET = ".mp4", ".jpg"
SHEET_PICTURES = 12
JPEG_QUALITY = 88
UNKNOWN_START = TypeAdapter(datetime).validate_python(SOME_DAY)


@dataclass(frozen=True)
class Target:
    """Where `--render` writes: a folder, or one file that ends in .mp4 or .jpg."""

    out: Path

    @property
    def is_file(self) -> bool:
        """Whether it names one file."""
        return self.out.suffix.lower() in {FILM, SHEET}

    def admit(self, inputs: list[Path]) -> None:
        """Raises Rejected (`bad_target`) where that many inputs cannot be written there, or one would be lost."""
        if self.is_file and len(inputs) > 1:
            raise Rejected("bad_target", f"{self.out} is one file and there are {len(inputs)} inputs: name a folder")
        if self.out.is_file() and not self.is_file:
            raise Rejected("bad_target", f"{self.out} is a file: name a folder, or a file that ends in .mp4 or .jpg")
        names = [path.stem for path in inputs]
        if twice := [name for name, number in Counter(names).items() if number > 1]:
            raise Rejected("bad_target", f"several inputs are called {twice[0]}: render them one by one")
        if any(self.path(path, suffix).resolve() == path.resolve() for path in inputs for suffix in (FILM, SHEET)):
            raise Rejected("bad_target", f"{self.out} would overwrite an input: name another place")

    def path(self, given: Path, suffix: str) -> Path:
        """The file that is written for this input."""
        return self.out if self.is_file else self.out / f"{given.stem}{suffix}"


def render(analysis: Analysis, wish: Wish, models: Models, target: Target) -> Described:
    """What was written where; raises Rejected (`bad_target`, `unwritable`).

    The footage was read in the sandbox, and only there: what is drawn on are the pictures that the sandbox gave back.
    """
    is_series = analysis.given.media_type == SERIES_MEDIA_TYPE
    path = target.path(analysis.given.path, SHEET if is_series else FILM)
    is_film = path.suffix.lower() == FILM
    if is_film and is_series:
        raise Rejected("bad_target", f"{analysis.given.path} holds pictures: name a .jpg or a folder")
    redaction = redact(analysis, wish, models)
    if not redaction.pack.frames:
        raise Rejected("nothing_to_show", f"no picture of {analysis.given.path} shows anything: look at its conditions")
    theatre = Theatre(analysis, wish, redaction)
    with _whole(path) as file:
        (write_film if is_film else _write_sheet)(theatre, file)
    kinds = Counter(area.kind for areas in redaction.hidden for area in areas)
    return {"path": str(path), "frames": len(redaction.hidden), "hidden": dict(sorted(kinds.items()))}


class Theatre:
    """Shows the frames of one input, one by one."""

    def __init__(self, analysis: Analysis, wish: Wish, redaction: Redaction) -> None:
        self._start, self._name = wish.camera.capture_start, wish.camera.camera_id
        self._redaction, self._captions = redaction, Captions(analysis)
        self._marks = Marks(analysis.boxes.get("objects"), analysis.judged, analysis.pack)
        manifest = redaction.pack.manifest
        self.fps = manifest.sampled.source_fps
        self._screen = Screen(
            redaction.source,
            (manifest.picture_width, manifest.picture_height),
            lines=[Line.model_construct(line_id=line.line_id, points=line.points) for line in wish.camera.lines],
            zones=[Zone.model_construct(zone_id=zone.zone_id, polygon=zone.polygon) for zone in wish.camera.zones],
            rows=self._captions.rows + 1,
        )

    @property
    def size(self) -> tuple[int, int]:
        """Of the pictures that it shows."""
        return self._screen.size

    @property
    def stage(self) -> tuple[int, int, int, int]:
        """Where in them the footage is: left, top, right, bottom; the rest is text."""
        return self._screen.stage

    @property
    def times(self) -> list[float]:
        """When there is something to see."""
        return [frame.time_s for frame in self._redaction.pack.frames]

    def show(self, place: int) -> Image.Image:
        """One frame of the footage, redacted and annotated."""
        frame, hidden = self._redaction.pack.frames[place], self._redaction.hidden[place]
        said = self._captions.at(frame.time_s)
        overlay = Overlay(
            hidden=hidden,
            marks=self._marks.at(frame.time_s),
            header=self._header(frame.time_s),
            captions=(*said.captions, _hidden_words(Counter(area.kind for area in hidden))),
            alarms=said.alarms,
        )
        return self._screen.draw(open_picture(frame.jpeg), overlay)

    def _header(self, time_s: float) -> str:
        if self._start == UNKNOWN_START:
            return f"{time_s:.2f} s; capture time not stated"
        at = self._start + timedelta(seconds=time_s)
        return f"{self._name}   {utc_text(at)}   {at.astimezone(CITY):%d.%m.%Y %H:%M:%S} {CITY.key}   {time_s:.2f} s"


def _hidden_words(kinds: Counter[str]) -> str:
    words = (f"{kind} {number}" for kind, number in sorted(kinds.items()))
    return f"hidden: {', '.join(words) or 'nothing'}"


def write_film(theatre: Theatre, file: BinaryIO) -> None:
    """All of it, as MP4."""
    film = Film(file, theatre.size, theatre.fps, best_codec())
    for place, time_s in enumerate(theatre.times):
        film.add(theatre.show(place), time_s)
    film.close()


def _write_sheet(theatre: Theatre, file: BinaryIO) -> None:
    last, number = len(theatre.times) - 1, min(SHEET_PICTURES, len(theatre.times))
    places = sorted({round(last * step / max(1, number - 1)) for step in range(number)})
    sheet([theatre.show(place) for place in places]).save(file, "JPEG", quality=JPEG_QUALITY)


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that is at `path` once all of it is written, and never before."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            yield file
        draft.replace(path)
    except OSError as error:
        raise Rejected("unwritable", f"{path} cannot be written ({error.strerror}): name another place") from error
    finally:
        draft.unlink(missing_ok=True)
