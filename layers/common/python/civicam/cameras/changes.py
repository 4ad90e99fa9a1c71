"""What changed from one version of an entry to the next, field by field, as people read it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from pydantic import JsonValue

from civicam.contracts.base import Document
from civicam.contracts.versions import STAMPS, Changed, Versioned

NAMED_BY = ("line_id", "zone_id", "preset_id")
"""What things in a list are told apart by, so that one that is drawn anew is no change of all behind it."""


class FieldChange(Document):
    """One field, such as `profile.lines.gate.points`; null where it had, or has, no value."""

    field: str
    before: JsonValue
    after: JsonValue


class Step(Document):
    """One version: who made it, when, and what it changed; nothing is told of what the first one began with."""

    version: int
    changed: Changed | None
    fields: tuple[FieldChange, ...]


def steps(versions: Sequence[Versioned]) -> tuple[Step, ...]:
    """The steps that led from the first of these versions to the last, the first one first."""
    first = [Step(version=one.version, changed=one.changed, fields=()) for one in versions[:1]]
    later = (
        Step(version=after.version, changed=after.changed, fields=differences(before, after))
        for before, after in pairwise(versions)
    )
    return (*first, *later)


def differences(before: Versioned, after: Versioned) -> tuple[FieldChange, ...]:
    """The fields in which two entries differ, in the order in which an entry has them; their stamps are none."""
    old, new = (dict(_leaves("", entry.model_dump(mode="json", exclude={*STAMPS}))) for entry in (before, after))
    return tuple(
        FieldChange(field=field, before=old.get(field), after=new.get(field))
        for field in dict.fromkeys((*old, *new))
        if old.get(field) != new.get(field)
    )


def _leaves(path: str, told: Any) -> Iterator[tuple[str, JsonValue]]:
    """Every value with the way to it; a list of things that have no names is one value."""
    if isinstance(told, list) and (names := [_name_of(one) for one in told]) and all(names):
        told = dict(zip(names, told, strict=True))
    if not isinstance(told, dict) or not told:
        yield path, told
        return
    for name, value in told.items():
        yield from _leaves(f"{path}.{name}" if path else str(name), value)


def _name_of(told: Any) -> str | None:
    if not isinstance(told, dict):
        return None
    return next((told[key] for key in NAMED_BY if key in told), None)
