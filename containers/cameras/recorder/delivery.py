"""Delivery: declare a clip to the city's API, PUT it where the answer says, say that it is there."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import urllib3

from civicam.cameras.registration import PIXELS_AT_EDGE
from civicam.contracts.cameras import ClipDeclaration
from civicam.contracts.errors import Unavailable

TIMEOUT = urllib3.Timeout(connect=5, read=30)
REFUSALS = {400, 404, 413, 415, 422}
"""The clip itself is refused: sending it again would not help."""


class Delivered(StrEnum):
    """What became of a clip."""

    TAKEN = "taken"
    KNOWN = "known"  # the same bytes stand under another capture time
    REFUSED = "refused"
    STAYS = "stays at the edge"  # the city takes no pictures of this camera any more, but looks


@dataclass(frozen=True)
class Delivery:
    """Brings clips to the city. Every step may be repeated; `token` is asked for each, so that it may be exchanged."""

    api_url: str
    token: Callable[[], str]
    http: urllib3.PoolManager
    place: str = "/v1"
    """Where the routes of delivery begin: an enrolled recorder has its own."""
    refused: Callable[[], None] = lambda: None
    """Called where the token was refused."""

    def ask(self, path: str) -> bytes:
        """What the city says under one of the recorder's routes; raises Unavailable where it does not say it."""
        answer = self._call("GET", path)
        if answer.status != 200:
            raise Unavailable(f"the API answers {answer.status}")
        return answer.data

    def deliver(self, declaration: ClipDeclaration, body: bytes) -> tuple[Delivered, str]:
        """What became of the clip, and why; raises Unavailable for whatever may pass, such as a token that ran out."""
        answer = self._call("POST", "/clips", declaration.model_dump_json().encode())
        if answer.status == 200:
            return Delivered.TAKEN, "it was there already"
        if answer.status != 201:
            return _outcome(answer)
        told = json.loads(answer.data)
        self._upload(told["upload"], body)
        answer = self._call("POST", f"/clips/{told['clip_id']}/complete", b"{}")
        return (Delivered.TAKEN, told["clip_id"]) if answer.status in {200, 202} else _outcome(answer)

    def _upload(self, upload: dict[str, Any], body: bytes) -> None:
        """PUT the bytes; 412 means that an earlier try had put them there."""
        answer = self._request(upload["method"], upload["url"], body, upload["headers"])
        if answer.status not in {200, 201, 204, 412}:
            raise Unavailable(f"the upload was answered with {answer.status}")

    def _call(self, method: str, path: str, body: bytes | None = None) -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {self.token()}", "Content-Type": "application/json"}
        answer = self._request(method, self.api_url.rstrip("/") + self.place + path, body, headers)
        if answer.status == 401:
            self.refused()
        return answer

    def _request(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        try:
            return self.http.request(
                method, url, body=body, headers=headers, timeout=TIMEOUT, retries=False, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"the city cannot be reached: {type(error).__name__}") from error


def _outcome(answer: urllib3.BaseHTTPResponse) -> tuple[Delivered, str]:
    why = answer.data[:500].decode(errors="replace")
    if answer.status == 409:
        return Delivered.KNOWN, why
    if answer.status == 422 and PIXELS_AT_EDGE in why:
        return Delivered.STAYS, why
    if answer.status in REFUSALS:
        return Delivered.REFUSED, why
    raise Unavailable(f"the API answers {answer.status}: {why}")
