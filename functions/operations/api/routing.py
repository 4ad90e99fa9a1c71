"""What the routes are made of: how they are registered, and the parameters that several take, each with its limits."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from civicam.contracts.ids import SHA256_PATTERN, ULID_PATTERN
from civicam.operations.paging import LONGEST_CURSOR

Function = TypeVar("Function", bound=Callable[..., Any])

Limit = Annotated[int, Query(ge=1, le=200, description="Items a page")]
Cursor = Annotated[
    str | None, Query(min_length=1, max_length=LONGEST_CURSOR, description="Where the page starts: taken from `next`")
]
CameraQuery = Annotated[str, Query(pattern=ULID_PATTERN, description="The camera, a ULID")]
CameraPath = Annotated[str, Path(pattern=ULID_PATTERN, description="A ULID")]
ClipPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="As the declaration answered it")]
AlertPath = Annotated[str, Path(pattern=SHA256_PATTERN, description="As the list names it")]


class Resource:
    """The routes of one resource; the document takes a route's name and description from its function."""

    def __init__(self, tag: str, *, public: bool = False) -> None:
        self.router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call] # Powertools' bears no annotation
        self._shared: dict[str, Any] = {"tags": [tag]}
        if public:
            self._shared["openapi_extensions"] = {"security": []}

    def get(self, path: str, responses: dict[int, Any]) -> Callable[[Function], Function]:
        """Register a function for GET."""
        return self._route("GET", path, responses)

    def post(self, path: str, responses: dict[int, Any]) -> Callable[[Function], Function]:
        """Register a function for POST."""
        return self._route("POST", path, responses)

    def put(self, path: str, responses: dict[int, Any]) -> Callable[[Function], Function]:
        """Register a function for PUT."""
        return self._route("PUT", path, responses)

    def delete(self, path: str, responses: dict[int, Any]) -> Callable[[Function], Function]:
        """Register a function for DELETE."""
        return self._route("DELETE", path, responses)

    def _route(self, method: str, path: str, responses: dict[int, Any]) -> Callable[[Function], Function]:
        def register(function: Function) -> Function:
            first, *others = function.__name__.split("_")
            return self.router.route(
                path,
                method,
                summary=" ".join([first.capitalize(), *others]),
                description=inspect.getdoc(function),
                operation_id=first + "".join(word.capitalize() for word in others),
                responses=responses,
                **self._shared,
            )(function)

        return register
