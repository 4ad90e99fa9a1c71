"""Who is asking: read from the claims of an access token that the gateway has verified."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from civicam.operations.policy import POLICY, Action, Forbidden, Role, Unauthenticated

GROUPS_CLAIM = "cognito:groups"
UNITS_CLAIM = "units"
OWNERS_CLAIM = "owners"
WHOLE_CITY = "city"
"""In place of units: all of them, for their names would not fit into an attribute of 2,048 characters."""


@dataclass(frozen=True)
class Caller:
    """A verified subject, its roles, the units that it works for, and the owners that it answers for."""

    subject: str
    roles: frozenset[Role]
    units: frozenset[str]
    owners: frozenset[str] = frozenset()

    @classmethod
    def from_claims(cls, claims: Mapping[str, object]) -> Self:
        """The caller of a token's claims; other groups do not count. Raises Unauthenticated without `sub`."""
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise Unauthenticated
        groups = words(claims.get(GROUPS_CLAIM))
        return cls(
            subject=subject,
            roles=frozenset(role for role in Role if role in groups),
            units=frozenset(words(claims.get(UNITS_CLAIM))),
            owners=frozenset(words(claims.get(OWNERS_CLAIM))),
        )

    def acting(self, action: Action) -> Self:
        """The caller in the roles that may do this alone: an owner's role reaches no unit, a unit's role no owner.

        Raises Forbidden where no role may.
        """
        roles = self.roles & POLICY.get(action, frozenset())
        if not roles:
            raise Forbidden(action)
        return replace(
            self,
            roles=roles,
            units=self.units if roles - {Role.OWNER} else frozenset(),
            owners=self.owners if Role.OWNER in roles else frozenset(),
        )

    def knows(self, unit_id: str, owner_id: str | None) -> bool:
        """Whether a thing of this unit and owner is one that the caller may know of."""
        return unit_id in self.units or owner_id in self.owners


def words(claim: object) -> tuple[str, ...]:
    """The words of a claim: of a list, or of text as an HTTP API hands lists on (`[operator auditor]`)."""
    if claim is None:
        return ()
    parts = (
        [str(part) for part in claim]
        if isinstance(claim, list | tuple)
        else re.split(r"[\s,]+", str(claim).strip("[] "))
    )
    return tuple(part for part in parts if part)
