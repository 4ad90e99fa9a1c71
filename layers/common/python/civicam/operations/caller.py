"""Who is asking: read from the claims of an access token that the gateway has verified."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from civicam.operations.policy import POLICY, Action, Forbidden, Role, Unauthenticated

GROUPS_CLAIM = "cognito:groups"
UNITS_CLAIM = "units"


@dataclass(frozen=True)
class Caller:
    """A verified subject, its roles, and the units it works for."""

    subject: str
    roles: frozenset[Role]
    units: frozenset[str]

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
        )

    def require(self, action: Action) -> None:
        """Raises Forbidden unless one of the caller's roles may do this."""
        if not self.roles & POLICY.get(action, frozenset()):
            raise Forbidden(action)


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
