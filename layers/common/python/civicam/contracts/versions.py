"""What people change by hand is kept in versions: each says who made it, and when."""

from typing import TypeVar

from pydantic import Field

from civicam.contracts.base import Body, Moment

STAMPS = ("version", "changed")
"""What the registry writes into a version: not part of what somebody wants it to say."""


class Changed(Body):
    """Who made a version, and when: it is valid from then on, the first one since ever."""

    at: Moment
    by: str = Field(min_length=1, max_length=200)
    """Subject of the token of whoever asked for it, never a name; `command-line` where it was made there."""


class Versioned(Body):
    """A document whose every version is kept."""

    version: int = Field(default=1, ge=1)
    changed: Changed | None = None
    """None in what nobody has registered yet, and in versions from before this was written down."""


V = TypeVar("V", bound=Body)


def unstamped(document: V) -> V:
    """The document without what the registry wrote into it: two that say the same are equal then."""
    kind = type(document).model_fields
    return document.model_copy(update={name: kind[name].default for name in STAMPS if name in kind})
