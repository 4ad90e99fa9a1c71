"""/v1/openapi.json and /v1/docs: the API's own description, for everybody."""

import json
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON, TEXT_HTML

from civicam.operations.reference import CONTENT_SECURITY_POLICY, reference_page
from functions.operations.api.routing import Resource

OPENAPI_PATH = "/v1/openapi.json"


@cache
def openapi(app: APIGatewayHttpResolver) -> str:
    """The app's OpenAPI 3.1 document, as JSON."""
    return app.get_openapi_json_schema()


def describe(app: APIGatewayHttpResolver) -> Resource:
    """The routes by which the app describes itself: its document for programs, and a page to read it by."""
    resource = Resource("meta", public=True)

    @resource.get(OPENAPI_PATH, _said("The OpenAPI 3.1 document", APPLICATION_JSON, {"type": "object"}))
    def describe_api() -> Response[str]:
        """The OpenAPI 3.1 document of these very routes."""
        return Response(200, APPLICATION_JSON, openapi(app))

    @resource.get("/v1/docs", _said("A page", TEXT_HTML, {"type": "string"}))
    def read_docs() -> Response[str]:
        """The same as a page for people."""
        page = reference_page(json.loads(openapi(app)), OPENAPI_PATH.rpartition("/")[2])
        return Response(200, TEXT_HTML, page, {"Content-Security-Policy": CONTENT_SECURITY_POLICY})

    return resource


def _said(description: str, media_type: str, schema: dict[str, Any]) -> dict[int, Any]:
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}}
