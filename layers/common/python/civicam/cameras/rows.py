"""One row of a file of cameras: what it tells, and everything that is wrong with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from civicam.cameras.columns import ADDRESS, REFERENCE, TEMPLATE, VERSION
from civicam.contracts.ids import camera_id_of
from civicam.contracts.text import nfc
from civicam.contracts.versions import STAMPS

LONGEST_FILE = 32_000_000
"""Characters: some ten thousand cameras with all that is drawn for them."""
MOST_ROWS = 20_000
LONGEST_TEXT = 120


@dataclass(frozen=True)
class Complaint:
    """What is wrong with one column of a row, and what to do about it. It never repeats the value."""

    column: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.column, self.problem, self.remedy)))


@dataclass(frozen=True)
class Told:
    """What one row says of a camera: a merge patch (RFC 7396) over what stands. `number` is as its file counts."""

    number: int
    name: str
    patch: dict[str, Any] = field(default_factory=dict)
    complaints: tuple[Complaint, ...] = ()
    reference: str | None = None
    template: str | None = None
    address: str | None = None
    version: int | None = None
    """The version that the row was written over, where it says so."""

    @property
    def camera_id(self) -> str | None:
        """Which camera it is about: the id it gives, or the one of its owner and the owner's reference."""
        given, owner = self.patch.get("camera_id"), self.patch.get("owner_id")
        if given is None and self.reference is not None and isinstance(owner, str):
            return camera_id_of(owner, self.reference)
        return given if isinstance(given, str) else None

    def refused(self, *complaints: Complaint) -> "Told":
        """The same with more wrong about it."""
        return replace(self, complaints=(*self.complaints, *complaints))


def without_doubles(rows: Iterable[Told]) -> Iterator[Told]:
    """The rows; one about a camera that a row further up is about is refused, and names that row."""
    seen: dict[str, int] = {}
    for row in rows:
        camera_id = row.camera_id
        if camera_id is None:
            yield row
            continue
        first = seen.setdefault(camera_id, row.number)
        if first == row.number:
            yield row
        else:
            column = REFERENCE if row.patch.get("camera_id") is None else "camera_id"
            yield row.refused(Complaint(column, f"row {first} is about the same camera", "leave one of the two out"))


def composed(told: Any) -> Any:
    """The same with all its text in NFC: one letter is one letter, whoever typed it."""
    if isinstance(told, str):
        return nfc(told)
    if isinstance(told, list):
        return [composed(part) for part in told]
    if isinstance(told, dict):
        return {composed(name): composed(part) for name, part in told.items()}
    return told


def shown(text: object) -> str:
    """A name as a report may print it: one short line, nothing that a terminal obeys."""
    line = str(text)[:120].encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def told_row(number: int, name: str, patch: dict[str, Any], complaints: Iterable[Complaint] = ()) -> Told:
    """The row of a patch that may hold what no camera does: the owner's reference, a template, a version."""
    found = [*complaints]
    reference = _text(patch.pop(REFERENCE, None), REFERENCE, found)
    template = _text(patch.pop(TEMPLATE, None), TEMPLATE, found)
    address = _text(patch.pop(ADDRESS, None), ADDRESS, found)
    version = patch.pop(VERSION, None)
    for stamp in STAMPS:
        patch.pop(stamp, None)  # who changed a camera, and when, stands in an export: nobody tells it
    if version is not None and (not isinstance(version, int) or isinstance(version, bool) or version < 1):
        found.append(Complaint(VERSION, "is no version", "leave it out, or export the camera again"))
        version = None
    row = Told(number, shown(patch.get("name") or name), patch, tuple(found), reference, template, address, version)
    if row.camera_id is None and not any(wrong.column in {"camera_id", "owner_id", REFERENCE} for wrong in found):
        lacking = Complaint(
            "camera_id", "nothing says which camera it is", f"give its id, or owner_id and {REFERENCE} for a new one"
        )
        return row.refused(lacking)
    return row


def _text(told: Any, column: str, found: list[Complaint]) -> str | None:
    if told is None or (isinstance(told, str) and 0 < len(told) <= LONGEST_TEXT and told.isprintable()):
        return told
    found.append(Complaint(column, "is no text", f"write up to {LONGEST_TEXT} letters and digits on one line"))
    return None
