"""What the routes are made of: their router, and the parameters that several take, each with its limits."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from civicam.contracts.ids import SHA256_PATTERN, ULID_PATTERN
from civicam.operations.paging import LONGEST_CURSOR

Limit = Annotated[int, Query(ge=1, le=200, description="Items a page")]
Cursor = Annotated[
    str | None, Query(min_length=1, max_length=LONGEST_CURSOR, description="Where the page starts: taken from `next`")
]
CameraQuery = Annotated[str, Query(pattern=ULID_PATTERN, description="The camera, a ULID")]
CameraPath = Annotated[str, Path(pattern=ULID_PATTERN, description="A ULID")]
ClipPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
AlertPath = Annotated[str, Path(pattern=SHA256_PATTERN)]


def new_router() -> APIGatewayHttpRouter:
    """An empty router."""
    return APIGatewayHttpRouter()  # type: ignore[no-untyped-call] # Powertools' constructor bears no annotation
