"""The API: its routes, its document and its problems. Nothing here touches AWS before a request comes.

`routes()` is what the gateway's routes are made from, so that document, gateway and handler cannot differ.
"""

import re
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer, License
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.operations.problems import MEDIA_TYPE, problem
from functions.operations.api.errors import answer, media_type, refuse_body, tell_problems
from functions.operations.api.routes import (
    alerts,
    cameras,
    clips,
    credentials,
    facts,
    meta,
    recorders,
    uploads,
    watching,
)

app = APIGatewayHttpResolver(enable_validation=True)
for module in (cameras, watching, credentials, clips, uploads, recorders, facts, alerts):
    app.include_router(module.resource.router)
app.include_router(meta.describe(app).router)
tell_problems(app)
app.configure_openapi(
    title="civicam",
    version="1.0.0",
    openapi_version="3.1.0",
    description="A city's cameras: what they see, as facts and alerts. A caller sees the things of its own units only.",
    license_info=License(name="Apache-2.0", identifier="Apache-2.0"),
    security_schemes={"token": HTTPBearer(bearerFormat="JWT", description="A Cognito access token")},
    security=[{"token": []}],
)


class Route(NamedTuple):
    """One route of the gateway; `public` ones ask for no token."""

    method: str
    path: str
    public: bool


@cache
def routes() -> tuple[Route, ...]:
    """Every route of the document: there are no others."""
    paths = app.get_openapi_schema().model_dump(by_alias=True, exclude_none=True)["paths"]
    return tuple(
        Route(method.upper(), path, operation.get("security") == [])
        for path, operations in paths.items()
        for method, operation in operations.items()
    )


@app.not_found
def no_such_route(_: NotFoundError) -> Response[str]:
    """405 where the path is known under other methods only (RFC 9110), else 404: odd letters in an id, too."""
    method, path = app.current_event.http_method, app.current_event.path
    known = {route.method for route in routes() if re.fullmatch(re.sub(r"{\w+}", "[^/]+", route.path), path)}
    if known and method not in known:
        told = problem(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", f"{path} knows {', '.join(sorted(known))}")
        return answer(told, Allow=", ".join(sorted(known)))
    return answer(problem(HTTPStatus.NOT_FOUND, "not_found", "there is no such route: see /v1/openapi.json"))


def respond(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """The response to one request of the gateway (payload format 2.0)."""
    refused = refuse_body(event)
    if refused:
        headers = {"Content-Type": MEDIA_TYPE}
        return {
            "statusCode": refused.status,
            "headers": headers,
            "body": refused.model_dump_json(exclude_defaults=True),
        }
    told = (
        media_type(event) if event.get("body") else ""
    )  # Powertools wants small letters, and refuses an empty text/plain
    return app.resolve({**event, "headers": {**event.get("headers", {}), "content-type": told}}, context)
