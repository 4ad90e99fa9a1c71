"""What went wrong, as RFC 9457 wants it told (application/problem+json)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import Field

from civicam.contracts.base import Body
from civicam.contracts.errors import Conflict, NotFound, Rejected
from civicam.operations.policy import Forbidden, Unauthenticated

MEDIA_TYPE = "application/problem+json"
_STATUS_OF_REASON = {"malformed_cursor": HTTPStatus.BAD_REQUEST}
_STATUS_OF_KIND: tuple[tuple[type[Rejected], HTTPStatus], ...] = (
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (Rejected, HTTPStatus.UNPROCESSABLE_ENTITY),
)


class InvalidPart(Body):
    """One part of a request that is not as the API's document wants it."""

    pointer: str = Field(description="Where: `/query/limit`, `/body/sha256`, ... (RFC 6901)")
    detail: str


class Problem(Body):
    """A problem's details (RFC 9457). `type` is stable and tells problems apart; people read `title` and `detail`."""

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    errors: tuple[InvalidPart, ...] = ()


def problem(status: HTTPStatus, reason: str, detail: str) -> Problem:
    """A problem with this status, a stable reason (snake_case) and a sentence for people."""
    return Problem(type=f"urn:civicam:problem:{reason}", title=status.phrase, status=status.value, detail=detail)


def of_rejection(error: Rejected) -> Problem:
    """The problem that tells a rejection: 400, 401, 403, 404 or 409, else 422."""
    by_kind = next(status for kind, status in _STATUS_OF_KIND if isinstance(error, kind))
    return problem(_STATUS_OF_REASON.get(error.reason, by_kind), error.reason, str(error))


def of_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem that tells what pydantic found: where and what, never the value that was sent."""
    parts = tuple(InvalidPart(pointer=_pointer(error["loc"]), detail=str(error["msg"])) for error in errors)
    told = problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", "the request is not as the API's document wants it"
    )
    return told.model_copy(update={"errors": parts})


def _pointer(place: Sequence[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)
