"""`civicam cameras drop`: a folder on this disk that a device or a person fills. Each file is taken once."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from civicam.aws.claims import ClaimOutcome
from civicam.aws.delivering import Capture
from civicam.aws.intake import Intake
from civicam.cameras.drops import filmed, media_type_of
from civicam.contracts.errors import Rejected
from civicam.contracts.sources import FolderSource
from civicam_cli.deployment import use_deployment

TAKEN, REFUSED = "taken", "refused"
LOOK_SECONDS = 2.0
"""Between two looks: a file that has the same size and time in both has stopped growing."""
Seen = Mapping[Path, tuple[int, int]]


@dataclass(frozen=True)
class Dropped:
    """What became of one file."""

    name: str
    outcome: str
    why: str = ""


@dataclass(frozen=True)
class Folder:
    """A folder and the camera whose footage it is."""

    path: Path
    camera_id: str
    source: FolderSource
    intake: Intake

    def look(self) -> Seen:
        """Size and time of each file that lies there; hidden ones and folders are left alone."""
        files = [file for file in self.path.iterdir() if file.is_file() and not file.name.startswith(".")]
        return {file: (file.stat().st_size, file.stat().st_mtime_ns) for file in files}

    def take(self, before: Seen) -> Iterator[Dropped]:
        """Take what is as it was at the look before, oldest first, and move it aside."""
        steady = [file for file, seen in self.look().items() if before.get(file) == seen]
        for file in sorted(steady, key=lambda file: before[file][1]):
            yield self._taken(file)

    def _taken(self, file: Path) -> Dropped:
        try:
            outcome = self._into_the_city(file)
        except Rejected as error:
            _move(file, self.path / REFUSED)
            return Dropped(file.name, REFUSED, str(error))
        _move(file, self.path / TAKEN)
        return Dropped(file.name, TAKEN, "" if outcome is ClaimOutcome.NEW else "it was here already")

    def _into_the_city(self, file: Path) -> ClaimOutcome:
        media_type, size = media_type_of(file.name), file.stat().st_size
        if size > self.intake.limits.max_bytes:
            raise Rejected("too_large", f"{size} bytes in one file: at most {self.intake.limits.max_bytes} are taken")
        written_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        body = file.read_bytes()
        capture = Capture(*filmed(file.name, body, written_at, self.source), media_type, body)
        return self.intake.take(capture.declared(self.camera_id), body)


def drop(
    folder: Annotated[Path, typer.Argument(help="The folder; taken/ and refused/ are made in it.", file_okay=False)],
    camera: Annotated[str, typer.Option(help="The camera whose footage it is; its source is a folder.")],
    once: Annotated[bool, typer.Option("--once", help="Take what lies there now, and end.")] = False,
) -> None:
    """Take footage from a folder as it comes: each file once it has stopped growing. Ctrl-C ends it."""
    use_deployment()
    intake = Intake.from_env()
    source = intake.camera(camera).source
    if not isinstance(source, FolderSource):
        raise Rejected("no_drop_folder", f"camera {camera} has no folder: register its source as one")
    watched = Folder(folder, camera, source, intake)
    while True:
        seen = watched.look()
        time.sleep(LOOK_SECONDS)
        for dropped in watched.take(seen):
            typer.echo(f"{dropped.name}: {dropped.outcome}{f' ({dropped.why})' if dropped.why else ''}")
        if once:
            return


def _move(file: Path, folder: Path) -> None:
    """Aside, beside another of the same name where there is one."""
    folder.mkdir(exist_ok=True)
    target, number = folder / file.name, 1
    while target.exists():
        target, number = folder / f"{file.stem}.{number}{file.suffix}", number + 1
    file.rename(target)
