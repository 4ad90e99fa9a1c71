"""The city's administrative units, each valid for a time."""

from datetime import date
from typing import Literal

from civicam.contracts.base import Document
from civicam.contracts.ids import Slug
from civicam.contracts.text import Name

UnitKind = Literal["urban_district", "rural_district", "city_district", "ward", "commune", "special_zone"]
"""Quận, huyện, thành phố (of the city's own), phường, xã, đặc khu."""


class AdminUnit(Document):
    """One unit of the city. Its days are the city's own, the first and the last one included."""

    id: Slug
    name: Name
    kind: UnitKind
    part_of: Slug | None = None
    """The district that a ward belonged to while there were districts."""
    valid_from: date | None = None
    """None: since before anything that is kept here."""
    valid_to: date | None = None
    """None: until further notice."""
    successors: tuple[Slug, ...] = ()
    """Who took over its ground: one of them each place of it, as no borders are kept here."""

    def is_valid(self, day: date) -> bool:
        """Whether the unit exists on that day."""
        return self.has_begun(day) and not self.has_ended(day)

    def has_begun(self, day: date) -> bool:
        """Whether the day is not before its first."""
        return self.valid_from is None or self.valid_from <= day

    def has_ended(self, day: date) -> bool:
        """Whether the day is after its last."""
        return self.valid_to is not None and day > self.valid_to
