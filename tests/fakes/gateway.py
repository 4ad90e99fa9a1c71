"""The HTTP API in front of the handler, as a WSGI application: requests become events of payload format 2.0."""

import base64
import copy
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote
from wsgiref.types import StartResponse, WSGIEnvironment

from aws_lambda_powertools.utilities.typing import LambdaContext

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


class Gateway:
    """Calls the handler; a token that `claims` knows is a verified one, any other is none."""

    def __init__(
        self, handler: Handler, context: LambdaContext, event: dict[str, Any], claims: dict[str, dict[str, str]]
    ) -> None:
        self._handler, self._context, self._event, self._claims = handler, context, event, claims

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One request."""
        answer = self._handler(self._as_event(environ), self._context)
        headers = [(name, value) for name, value in answer["headers"].items()]
        start_response(f"{answer['statusCode']} {HTTPStatus(answer['statusCode']).phrase}", headers)
        return [answer["body"].encode()]

    def _as_event(self, environ: WSGIEnvironment) -> dict[str, Any]:
        method, path = environ["REQUEST_METHOD"], unquote(environ["PATH_INFO"].encode("latin-1").decode())
        event = copy.deepcopy(self._event) | {"rawPath": path, "rawQueryString": environ["QUERY_STRING"]}
        event["headers"] = dict(_headers(environ))
        event["requestContext"]["http"] |= {"method": method, "path": path}
        token = event["headers"].get("authorization", "").removeprefix("Bearer ")
        event["requestContext"]["authorizer"] = {"jwt": {"claims": self._claims.get(token, {})}}
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        if query:
            event["queryStringParameters"] = {name: ",".join(values) for name, values in query.items()}
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if body:
            event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
        return event


def _headers(environ: WSGIEnvironment) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name.removeprefix("HTTP_").replace("_", "-").lower(), value
    if environ.get("CONTENT_TYPE"):
        yield "content-type", environ["CONTENT_TYPE"]
