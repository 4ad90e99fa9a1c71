"""Cameras as CSV (RFC 4180): a header of columns, a row a camera; comma, semicolon or tab, UTF-8, BOM or not."""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from civicam.cameras.columns import EXTRA, LATITUDE, LONGITUDE, REFERENCE, VERSION, Column, columns, known, nearest
from civicam.cameras.rows import LONGEST_FILE, MOST_ROWS, Complaint, Told, composed, told_row, without_doubles
from civicam.cameras.secrecy import without_secrets
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Rejected

BACK_TO_DEFAULT: Final = "-"
"""A cell that takes back what stands. An empty one says nothing, and leaves it."""
DELIMITERS: Final = ",;\t"
GUARD: Final = "'"
_OBEYED = re.compile(r"^'*[=+\-@\t\r]")
"""What a spreadsheet takes for a formula at the start of a cell (OWASP, CSV injection), guarded already or not."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[\d.]*\d,\d+")


def read_csv(text: str) -> tuple[Told, ...]:
    """Every row below the header, numbered as a spreadsheet numbers it; blank ones are left out.

    Raises Rejected (`not_csv`, `bad_header`) where the text is no table at all, or its header names what no camera has.
    """
    if len(text) > LONGEST_FILE:
        raise Rejected("not_csv", f"the file is longer than {LONGEST_FILE} characters: import it in parts")
    text = text.removeprefix("\ufeff")
    delimiter = _delimiter(text)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Rejected("not_csv", f"the file is no CSV ({error}): look for a quote that is not closed") from error
    if len(table) > MOST_ROWS:
        raise Rejected("not_csv", f"the file has more than {MOST_ROWS} rows: import it in parts")
    header = _header(table[0] if table else [])
    rows = ((number, cells) for number, cells in enumerate(table[1:], 2) if any(map(str.strip, cells)))
    return tuple(without_doubles(_row(number, header, cells) for number, cells in rows))


def write_csv(cameras: Iterable[Camera]) -> str:
    """The cameras as `read_csv` takes them back, without columns that nobody fills; no credential, no formula."""
    told = [_cells(camera) for camera in cameras]
    names = [
        name for name in ("camera_id", VERSION, *columns()) if name == "camera_id" or any(row[name] for row in told)
    ]
    names = list(dict.fromkeys(names))
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(names)
    table.writerows([row[name] for name in names] for row in told)
    return written.getvalue()


def guarded(text: str) -> str:
    """The text as a cell in which no spreadsheet sees a formula; `unguarded` gives it back."""
    return GUARD + text if _OBEYED.match(text) else text


def unguarded(cell: str) -> str:
    """The text of a guarded cell."""
    return cell[1:] if cell.startswith(GUARD) and _OBEYED.match(cell[1:]) else cell


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    found = {mark: sum(_named(cell) in known() for cell in first.split(mark)) for mark in DELIMITERS}
    return max(found, key=lambda mark: found[mark])


def _named(cell: str) -> str:
    return str(composed(cell)).strip().strip('"').strip().lower()


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    names = tuple(map(_named, cells))
    wrong = [f"{name or 'an empty one'}{nearest(name, known())}" for name in names if name not in known()]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if wrong or doubled:
        told = [f"no column of a camera: {', '.join(wrong)}"] if wrong else []
        told += [f"twice in the header: {', '.join(doubled)}"] if doubled else []
        raise Rejected("bad_header", f"{'; '.join(told)}. The columns are {', '.join(known())}")
    if "camera_id" not in names and not {"owner_id", REFERENCE} <= set(names):
        raise Rejected("bad_header", f"nothing tells which camera a row is: add camera_id, or owner_id and {REFERENCE}")
    return names


def told_by_cells(header: Sequence[str], cells: Sequence[str]) -> Told:
    """What cells say under a header, of no camera in particular."""
    patch: dict[str, Any] = {}
    complaints = list(_read(header, cells, patch))
    return Told(0, "", patch, tuple(complaints))


def _row(number: int, header: Sequence[str], cells: Sequence[str]) -> Told:
    patch: dict[str, Any] = {}
    complaints: list[Complaint] = []
    if any(map(str.strip, cells[len(header) :])):
        problem = f"the row has {len(cells)} cells, the header {len(header)}"
        complaints.append(Complaint("row", problem, "put quotes round a cell that holds the mark between cells"))
    complaints += _read(header, cells, patch)
    return told_row(number, f"row {number}", patch, complaints)


def _read(header: Sequence[str], cells: Sequence[str], patch: dict[str, Any]) -> Iterator[Complaint]:
    """Put what the cells say into the patch; what is wrong with them."""
    wrong: list[Complaint] = []
    for name, cell in zip(header, cells, strict=False):
        text = unguarded(composed(cell).strip())
        if not text:
            continue
        try:
            _put(patch, name, None if text == cell.strip() == BACK_TO_DEFAULT else _value(name, text))
        except _Unreadable as error:
            wrong.append(Complaint(name, *error.args))
    _place(patch, wrong)
    yield from wrong


class _Unreadable(Exception):
    """What is wrong with a cell, and the remedy."""


def _value(name: str, text: str) -> Any:
    column = columns().get(name)
    types = column.types if column else frozenset({"integer" if name == VERSION else "string"})
    if "string" in types:
        return text
    if types & {"number", "integer"}:
        return _number(text, whole="number" not in types)
    if "boolean" in types:
        return _boolean(text)
    if column and column.is_words and not text.startswith("["):
        return text.split()
    try:
        return composed(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise _Unreadable("is no JSON", "write a list as [[388, 230], [388, 60]], in quotes") from error


def _number(text: str, *, whole: bool) -> float | int:
    if _DECIMAL_COMMA.fullmatch(text):
        raise _Unreadable("has a decimal comma", "write it with a point, such as 106.7032")
    if not _NUMBER.fullmatch(text) or len(text) > 32:
        raise _Unreadable("is no number", "write digits with a decimal point, without units or spaces")
    number = float(text)
    if not math.isfinite(number):
        raise _Unreadable("is no number that a camera could have", "write digits with a decimal point")
    if whole and number != int(number):
        raise _Unreadable("is no whole number", "write it without a fraction")
    return int(number) if whole else number


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise _Unreadable("is neither true nor false", "write true or false")
    return text.lower() == "true"


def _put(patch: dict[str, Any], name: str, value: Any) -> None:
    """Put a value where its path says: `profile.tier` into the profile."""
    *above, last = (name,) if name in EXTRA else name.split(".")
    for part in above:
        patch = patch.setdefault(part, {})
    patch[last] = value


def _place(patch: dict[str, Any], complaints: list[Complaint]) -> None:
    """Longitude and latitude, where both are told, as the position."""
    told = [patch.pop(name, None) for name in (LONGITUDE, LATITUDE)]
    if None not in told:
        patch["position"] = told
    elif told != [None, None]:
        lacking = LATITUDE if told[1] is None else LONGITUDE
        if not any(wrong.column == lacking for wrong in complaints):
            complaints.append(Complaint(lacking, "is missing", "give longitude and latitude, or neither"))


def _cells(camera: Camera) -> Mapping[str, str]:
    document = without_secrets(camera.model_dump(mode="json"))
    longitude, latitude = document["position"]
    document |= {LONGITUDE: longitude, LATITUDE: latitude}
    told = {name: _cell(column, document) for name, column in columns().items()}
    return told | {VERSION: str(camera.version)}


def _cell(column: Column, document: Any) -> str:
    value = document
    for part in column.path:
        value = value.get(part) if isinstance(value, dict) else None
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, str):
        return guarded(value)
    if column.is_words and all(isinstance(word, str) and word.split() == [word] for word in value):
        return guarded(" ".join(value))
    return json.dumps(value, ensure_ascii=False)
