"""What can be told of a camera, as columns: a dotted path each (`profile.sampling_fps`), read off the contract."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from civicam.contracts.cameras import Camera
from civicam.contracts.versions import STAMPS

REFERENCE: Final = "owner_reference"
"""The owner's own name or number of a camera: with `owner_id` it is the camera's identity where no id is given."""
TEMPLATE: Final = "template"
ADDRESS: Final = "address"
"""Host, or host and port, of the camera: goes into the address that its template sets."""
VERSION: Final = "version"
"""The version that whoever writes the file has seen; the city gives the numbers."""
LONGITUDE: Final = "longitude"
LATITUDE: Final = "latitude"
EXTRA: Final = (REFERENCE, TEMPLATE, ADDRESS, VERSION)


@dataclass(frozen=True)
class Column:
    """One column: the JSON types that its values have."""

    path: tuple[str, ...]
    types: frozenset[str]
    is_words: bool = False
    """A list of single words, which a cell may hold with spaces between."""

    @property
    def name(self) -> str:
        """As a header has it."""
        return ".".join(self.path)


@cache
def columns() -> Mapping[str, Column]:
    """Every column of a camera by its name, in the contract's order; `position` as longitude and latitude."""
    schema = Camera.model_json_schema()
    found: dict[str, Column] = {}
    for column in _leaves(schema, schema["$defs"], ()):
        if column.path == ("position",):
            number = frozenset({"number"})
            found |= {name: Column((name,), number) for name in (LONGITUDE, LATITUDE)}
        elif column.path[0] not in STAMPS:
            found.setdefault(column.name, column)
    return found


@cache
def branches() -> frozenset[tuple[str, ...]]:
    """The paths that have columns below them: what is told of one of these says nothing of its other parts."""
    return frozenset(column.path[:end] for column in columns().values() for end in range(1, len(column.path)))


def known() -> tuple[str, ...]:
    """Every name that a header may hold."""
    return (*columns(), *EXTRA)


def nearest(name: str, names: Iterable[str]) -> str:
    """`: did you mean x?` where one of the names is near, else nothing."""
    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f": did you mean {near[0]}?" if near else ""


def column_of(place: Sequence[str | int]) -> str:
    """The column that a place in a camera's document belongs to, whichever kind of a union it names on its way."""
    words = [part for part in place if isinstance(part, str)]
    if words[:1] == ["position"]:
        position: dict[object, str] = {0: LONGITUDE, 1: LATITUDE}
        return position.get(place[1] if len(place) > 1 else None, "position")
    for end in range(len(words), 0, -1):
        for left_out in (None, *range(1, end)):
            name = ".".join(word for number, word in enumerate(words[:end]) if number != left_out)
            if name in columns() or (tuple(name.split(".")) in branches() and left_out is None):
                return name
    return ".".join(words)


def _leaves(schema: Mapping[str, Any], defs: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Column]:
    forms = list(_forms(schema, defs))
    objects = [form for form in forms if "properties" in form]
    if objects:
        for form in objects:
            for name, inner in form["properties"].items():
                yield from _leaves(inner, defs, (*path, name))
        return
    items = [form.get("items", {}) for form in forms if form.get("type") == "array"]
    is_words = bool(items) and all(item.get("type") == "string" for item in items)
    yield Column(path, frozenset(kind for form in forms if (kind := _kind(form)) != "null"), is_words)


def _forms(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Each form that a value may have, references followed."""
    if "$ref" in schema:
        yield from _forms(defs[schema["$ref"].rpartition("/")[2]], defs)
    elif "anyOf" in schema or "oneOf" in schema:
        for one in schema.get("anyOf", schema.get("oneOf")):
            yield from _forms(one, defs)
    else:
        yield schema


def _kind(form: Mapping[str, Any]) -> str:
    return str(form.get("type", "string" if "enum" in form or "const" in form else "any"))
