"""Clips that wait on the recorder's disk: bounded, oldest first, whole after any crash."""

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from civicam.contracts.cameras import ClipDeclaration
from civicam.contracts.ids import compact_time


@dataclass(frozen=True)
class Waiting:
    """One clip that waits."""

    declaration: ClipDeclaration
    clip: Path
    note: Path

    def body(self) -> bytes:
        """The clip's bytes."""
        return self.clip.read_bytes()


class Buffer:
    """A folder of clips, each with a note of what it is; the note is written last, so what has one is whole."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self.dropped = 0
        """Clips that were given up because the disk's share was full."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if path.suffix == ".tmp" or (path.suffix == ".clip" and not path.with_suffix(".json").exists()):
                path.unlink()

    def add(self, declaration: ClipDeclaration, body: bytes) -> None:
        """Keep a clip until it is removed; the oldest ones go where the room is needed."""
        self._make_room(len(body))
        name = f"{compact_time(declaration.capture_start)}_{declaration.sha256[:16]}"
        _write(self._folder / f"{name}.clip", body)
        _write(self._folder / f"{name}.json", declaration.model_dump_json().encode())

    def oldest(self) -> Waiting | None:
        """The clip that has waited longest, by capture time."""
        for note in sorted(self._folder.glob("*.json")):
            try:
                return Waiting(ClipDeclaration.model_validate_json(note.read_bytes()), note.with_suffix(".clip"), note)
            except (ValidationError, FileNotFoundError):
                note.unlink(missing_ok=True)  # damaged, or just given up by the recording thread
        return None

    def remove(self, waiting: Waiting) -> None:
        """Nobody needs this one any more."""
        waiting.note.unlink(missing_ok=True)
        waiting.clip.unlink(missing_ok=True)

    def size_bytes(self) -> int:
        """What the clips take."""
        return sum(path.stat().st_size for path in self._folder.glob("*.clip"))

    def _make_room(self, size_bytes: int) -> None:
        while self.size_bytes() + size_bytes > self._max_bytes and (waiting := self.oldest()):
            self.remove(waiting)
            self.dropped += 1


def _write(path: Path, content: bytes) -> None:
    draft = path.with_suffix(path.suffix + ".tmp")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
