"""Pages by cursor: an opaque text that says where the next page of one query starts."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from civicam.contracts.errors import Rejected
from civicam.contracts.ids import digest

_CHECK_LENGTH = 12
LONGEST_CURSOR = 1_000


class MalformedCursor(Rejected):
    """A cursor that this query did not hand out."""

    def __init__(self) -> None:
        super().__init__(
            "malformed_cursor",
            "cursor: take it unchanged from `next`, with the same filters, or leave it out for page one",
        )


def write_cursor(query: Mapping[str, str], start: Mapping[str, str]) -> str:
    """The text for where the next page of this query starts.

    Its check ties it to the query and catches a damaged one. That is no secret: a cursor starts a page within what the
    caller may read anyway, so a forged one gains nothing.
    """
    place = json.dumps(start, separators=(",", ":"), sort_keys=True)
    return urlsafe_b64encode(f"{_check(query, place)}{place}".encode()).decode().rstrip("=")


def read_cursor(query: Mapping[str, str], cursor: str | None) -> dict[str, str] | None:
    """Where the page starts, None for the first; raises MalformedCursor for a damaged cursor or another query's."""
    if cursor is None:
        return None
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError as error:
        raise MalformedCursor from error
    check, place = text[:_CHECK_LENGTH], text[_CHECK_LENGTH:]
    if check != _check(query, place):
        raise MalformedCursor
    return dict(json.loads(place))


def next_link(path: str, query: Mapping[str, str], limit: int, start: Mapping[str, str] | None) -> str | None:
    """The address of the next page, relative to the API's root; None on the last."""
    if start is None:
        return None
    return f"{path}?{urlencode({**query, 'limit': limit, 'cursor': write_cursor(query, start)})}"


def _check(query: Mapping[str, str], place: str) -> str:
    return digest("cursor", *(f"{name}={query[name]}" for name in sorted(query)), place)[:_CHECK_LENGTH]
