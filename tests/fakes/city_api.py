"""The city's API and its store, as a recorder sees them: declare, PUT, complete; and the ways in which they fail."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from civicam.cameras.registration import PIXELS_AT_EDGE
from civicam.contracts.cameras import ClipDeclaration
from civicam.contracts.footage import LOOK_MEDIA_TYPE
from civicam.contracts.ids import clip_id
from civicam.contracts.recorders import Instruction
from tests.fakes.loopback import Quiet, listening

TOKEN = "a-token"


@dataclass
class CityApi:
    """What it was given, and what it shall answer: `failures` are statuses by kind, for the next requests of it."""

    url: str = ""
    declared: dict[str, ClipDeclaration] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    completed: list[ClipDeclaration] = field(default_factory=list)
    failures: dict[str, list[int]] = field(default_factory=dict)
    token: str = TOKEN
    instruction: Instruction | None = None
    """What is wanted of the camera; where its pixels stay at the edge, nothing but looks is taken."""

    def failure(self, kind: str) -> int | None:
        waiting = self.failures.get(kind, [])
        return waiting.pop(0) if waiting else None

    def declare(self, body: bytes) -> tuple[int, dict[str, object]]:
        told = ClipDeclaration.model_validate_json(body)
        if self.instruction and self.instruction.pixels == "edge" and told.media_type != LOOK_MEDIA_TYPE:
            return 422, {"type": f"urn:civicam:problem:{PIXELS_AT_EDGE}"}
        name = clip_id(told.camera_id, told.sha256)
        if any(done.sha256 == told.sha256 for done in self.completed):
            return 200, {"clip_id": name, "state": "stored"}
        self.declared[name] = told
        headers = {"Content-Type": told.media_type, "Content-Length": str(told.size_bytes), "If-None-Match": "*"}
        upload = {
            "method": "PUT",
            "url": f"{self.url}/store/{name}",
            "headers": headers,
            "expires_at": "2026-11-24T11:00:00Z",
        }
        return 201, {"clip_id": name, "upload": upload}

    def put(self, name: str, body: bytes, headers: dict[str, str]) -> int:
        told = self.declared[name]
        whole = hashlib.sha256(body).hexdigest() == told.sha256 and len(body) == told.size_bytes
        if not whole or (headers["content-type"], headers["if-none-match"]) != (told.media_type, "*"):
            return 400
        if name in self.stored:
            return 412
        self.stored[name] = body
        return 200

    def complete(self, name: str) -> tuple[int, dict[str, object]]:
        if name not in self.stored:
            return 400, {"type": "not_uploaded"}
        if self.declared[name] not in self.completed:
            self.completed.append(self.declared[name])
        return 202, {"clip_id": name, "state": "stored"}


@contextmanager
def city_api(port: int = 0) -> Iterator[CityApi]:
    """An API that listens."""

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if failure := api.failure("instruct"):
                self._answer(failure, {"type": "on purpose"})
            elif api.instruction and self.path == "/v1/recorders/camera":
                self._answer(200, api.instruction.model_dump(mode="json"))
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kind = "complete" if self.path.endswith("/complete") else "declare"
            if self.headers["Authorization"] != f"Bearer {api.token}":
                self._answer(401, {})
            elif failure := api.failure(kind):
                self._answer(failure, {"type": "on purpose"})
            elif kind == "declare":
                self._answer(*api.declare(body))
            else:
                self._answer(*api.complete(self.path.split("/")[-2]))

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            name = self.path.rpartition("/")[2]
            before, after = api.failure("put"), api.failure("put_answer")
            status = before or api.put(name, body, headers)
            self._answer(after or status, {})

        def _answer(self, status: int, body: dict[str, object]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    api = CityApi()
    with listening(Handler, port) as found:
        api.url = f"http://127.0.0.1:{found}"
        yield api
