"""/v1/openapi.json and /v1/docs: the API's own description, for everybody."""

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON

OPENAPI_PATH = "/v1/openapi.json"
DOCS_PATH = "/v1/docs"
_DOCUMENT = {"description": "The OpenAPI 3.1 document", "content": {APPLICATION_JSON: {"schema": {"type": "object"}}}}


def describe(app: APIGatewayHttpResolver) -> None:
    """Let the API describe itself: its document, and a page (Swagger UI, nothing from outside) to read it by."""
    app.enable_swagger(path=DOCS_PATH, compress=True, persist_authorization=False)

    @app.get(
        OPENAPI_PATH,
        summary="Describe the API",
        operation_id="describeApi",
        tags=["meta"],
        openapi_extensions={"security": []},
        responses={200: _DOCUMENT},  # type: ignore[dict-item] # an inline schema, which the TypedDict does not foresee
    )
    def describe_api() -> Response[str]:
        """The document of these very routes."""
        return Response(200, APPLICATION_JSON, app.get_openapi_json_schema())
