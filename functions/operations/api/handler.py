"""A request of the HTTP API (payload format 2.0) -> its response."""

from typing import Any

from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_HTTP
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.lines import city_logger
from functions.operations.api.app import respond

logger = city_logger()


@logger.inject_lambda_context(clear_state=True, correlation_id_path=API_GATEWAY_HTTP)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """The API's answer."""
    return respond(event, context)
