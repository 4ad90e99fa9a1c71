"""Who a camera belongs to. What an owner's network may be asked for is configuration, and none of this."""

from enum import StrEnum

from civicam.contracts.ids import Slug
from civicam.contracts.text import Name
from civicam.contracts.versions import Versioned


class OwnerKind(StrEnum):
    """What sort of house an owner is."""

    DEPARTMENT = "department"
    DISTRICT_OFFICE = "district_office"
    WARD_OFFICE = "ward_office"
    POLICE_POST = "police_post"
    SCHOOL = "school"
    HOSPITAL = "hospital"
    SHOP = "shop"
    HOME = "home"


BY_AGREEMENT = frozenset({OwnerKind.SCHOOL, OwnerKind.HOSPITAL, OwnerKind.SHOP, OwnerKind.HOME})
"""Whose footage the city has no right to of its own: only as long as they agree, which has an end."""


class Owner(Versioned):
    """One version of an owner's entry: a tenant of the city."""

    owner_id: Slug
    name: Name
    kind: OwnerKind
    contact: Slug | None = None
    """The entry of the city's address book that says how to reach them: no name, number or address stands here."""
