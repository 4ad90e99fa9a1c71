"""One page of a table: its items, and where the next page starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from civicam.contracts.errors import Rejected

T = TypeVar("T")
Cursor = dict[str, str]
"""The key after which the next page starts, as plain strings. It leaves the city only in an opaque form."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """Items in the order of the index; `cursor` is None at the end."""

    items: tuple[T, ...]
    cursor: Cursor | None = None


def checked(cursor: Mapping[str, str] | None, *names: str) -> Cursor | None:
    """The cursor, if it names exactly these keys with text in each; raises Rejected (`malformed_cursor`) otherwise."""
    if cursor is None:
        return None
    if set(cursor) != set(names) or not all(isinstance(value, str) and value for value in cursor.values()):
        raise Rejected("malformed_cursor", "the paging token is not one of this list's: start again without it")
    return dict(cursor)
