"""Which unit of the city a place belongs to at any time: a camera's place stays, its unit is what follows.

The units lie in units.json, with what says so: Ho Chi Minh City's districts until 2025-06-30 and the 168 wards,
communes and special zone since 2025-07-01, all by name; of the wards of former times those of District 1.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter

from civicam.contracts.base import Document
from civicam.contracts.errors import Rejected
from civicam.contracts.schedule import CITY_TIME
from civicam.contracts.text import folded, nfc
from civicam.contracts.units import AdminUnit

HERE = Path(__file__).parent


class _File(Document):
    sources: tuple[str, ...]
    units: tuple[AdminUnit, ...]


class Units:
    """The units of all times, and who followed whom."""

    def __init__(self, units: Sequence[AdminUnit]) -> None:
        self._units = {unit.id: unit for unit in units}
        self._before: dict[str, list[str]] = {}
        for unit in units:
            for successor in unit.successors:
                self._before.setdefault(successor, []).append(unit.id)

    @classmethod
    def of_the_city(cls) -> Self:
        """Those of units.json."""
        return cls(TypeAdapter(_File).validate_json((HERE / "units.json").read_bytes()).units)

    def __iter__(self) -> Iterator[AdminUnit]:
        return iter(self._units.values())

    def get(self, unit_id: str) -> AdminUnit:
        """The unit of this id; raises Rejected (`unknown_unit`)."""
        if unit_id not in self._units:
            raise Rejected(
                "unknown_unit", f"there is no unit {unit_id}: `civicam cameras units TEXT` finds one by name"
            )
        return self._units[unit_id]

    def require_valid(self, unit_id: str, moment: datetime) -> None:
        """Raise Rejected (`unknown_unit`, `ended_unit`) for what is no unit of the city at that time."""
        unit, day = self.get(unit_id), day_of(moment)
        if not unit.is_valid(day):
            instead = ", ".join(self.at(unit_id, moment)) or "none"
            raise Rejected(
                "ended_unit", f"{unit.name} ({unit_id}) is no unit on {day}: its ground is that of {instead}"
            )

    def at(self, unit_id: str, moment: datetime) -> tuple[str, ...]:
        """The units in which a place may lie at that time of which one unit, of any time, is known.

        One of each level where the units followed each other as wholes. Where one was divided the place lies in one of
        several, as no borders are kept here. What is no unit of the city stays what it is called.
        """
        if unit_id not in self._units:
            return (unit_id,)
        return tuple(dict.fromkeys(self._at(self._units[unit_id], day_of(moment))))

    def search(self, text: str, moment: datetime | None = None) -> tuple[AdminUnit, ...]:
        """The units whose name or id holds the text, marks and case forgiven; at that time only, where one is given."""
        wanted, day = folded(text), moment and day_of(moment)
        return tuple(
            unit
            for unit in self
            if (wanted in folded(unit.name) or wanted in unit.id) and (day is None or unit.is_valid(day))
        )

    def named(self, text: str, moment: datetime) -> AdminUnit:
        """The unit with this id, or the one that bears this name at that time: `Quận 1`, `phuong sai gon`, `Sài Gòn`.

        A name that is written with its marks means no other than that.
        Raises Rejected: `unknown_unit`, or `several_units` with their ids.
        """
        if text in self._units:
            return self._units[text]
        found = self.search(text, moment)
        exact = [unit for unit in found if nfc(text) in _names(unit)]
        exact = exact or [unit for unit in found if folded(text) in map(folded, _names(unit))]
        if len(exact) != 1:
            near = ", ".join(f"{unit.id} ({unit.name})" for unit in exact or found) or "none that holds it"
            raise Rejected("several_units" if exact else "unknown_unit", f"no one unit is called {text!r}: {near}")
        return exact[0]

    def _at(self, unit: AdminUnit, day: date) -> Iterator[str]:
        if unit.is_valid(day):
            yield unit.id
            if unit.part_of:
                yield unit.part_of
            return
        for other in unit.successors if unit.has_ended(day) else self._before.get(unit.id, ()):
            yield from self._at(self._units[other], day)


def _names(unit: AdminUnit) -> tuple[str, str]:
    """With and without what kind of unit it is: `Phường Sài Gòn`, `Sài Gòn`."""
    return unit.name, unit.name.partition(" ")[2]


def day_of(moment: datetime) -> date:
    """The city's own day."""
    return moment.astimezone(CITY_TIME).date()


units = cache(Units.of_the_city)
"""The city's units, read once."""
