"""Whatever goes wrong leaves as a problem (RFC 9457), and nothing of the inside with it."""

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from civicam.contracts.errors import Rejected, Unavailable
from civicam.operations.problems import MEDIA_TYPE, Problem, of_rejection, of_validation, problem

LONGEST_BODY = 64_000
"""Bytes: many times what any other route takes."""
LONGEST_BODIES = {"POST /v1/cameras": 4_000_000}
"""Where many things are told at once; Lambda itself takes 6 MB."""
logger = Logger(child=True)


def answer(told: Problem, **headers: str) -> Response[str]:
    """The problem as a response."""
    if told.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(told.status, MEDIA_TYPE, told.model_dump_json(exclude_defaults=True), headers)


def tell_problems(app: APIGatewayHttpResolver) -> None:
    """Give the app an answer for every exception that can leave a route."""
    app.exception_handler(Rejected)(_rejected)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(Unavailable)(_unavailable)
    app.exception_handler(Exception)(_broken)


def _rejected(error: Rejected) -> Response[str]:
    return answer(of_rejection(error))


def _invalid(error: RequestValidationError) -> Response[str]:
    if error.errors()[0]["loc"][0] == "response":  # Powertools checks both ways and calls both by one name
        return _broken(error)
    return answer(of_validation(error.errors()))


def _unavailable(error: Unavailable) -> Response[str]:
    logger.warning("unavailable", error=str(error))
    told = problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "try again in a few seconds")
    return answer(told, **{"Retry-After": "5"})


def _broken(error: Exception) -> Response[str]:
    logger.error("a route failed", exc_info=error)
    return answer(problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "the city's own fault; it has been noted"))


def media_type(event: Mapping[str, Any]) -> str:
    """What the request's body says it is, without parameters; media types know no case (RFC 9110)."""
    return str(event.get("headers", {}).get("content-type", "")).partition(";")[0].strip().lower()


def refuse_body(event: Mapping[str, Any]) -> Problem | None:
    """The problem of a body that no route could read: too large, not JSON, not UTF-8, nested without end."""
    body = event.get("body")
    if not body:
        return None
    if media_type(event) != "application/json":
        return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", "send the body as application/json")
    longest = LONGEST_BODIES.get(_route(event), LONGEST_BODY)
    if len(body) > longest:
        return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"send at most {longest} bytes")
    try:
        json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)
    except (ValueError, RecursionError):
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "malformed_json", "the body is no JSON document")
    return None


def _route(event: Mapping[str, Any]) -> str:
    return f"{event['requestContext']['http']['method']} {event.get('rawPath', '')}"
