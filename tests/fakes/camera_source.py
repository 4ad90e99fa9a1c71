"""A camera's HTTP address on loopback, which answers as a test tells it to."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from ssl import SSLContext

from tests.fakes.loopback import Quiet, listening


@dataclass
class Answer:
    """What the source says to one request. `cut`: it states more bytes than it sends; `drip_seconds`: between two."""

    status: int = 200
    body: bytes = b""
    media_type: str = "video/mp4"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    drip_seconds: float = 0


Guard = Callable[[dict[str, str], str], dict[str, str] | None]
"""Looks at a request's headers and target: the headers of a refusal (401), or None to let it in."""


class Source:
    """Answers GETs in the order of `answers`, the last one for ever."""

    def __init__(self, scheme: str) -> None:
        self.port, self.scheme = 0, scheme
        self.answers: list[Answer] = [Answer(404)]
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.pieces_sent = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/clip?of=1"

    def answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def camera_source(
    tls: SSLContext | None = None, host: str = "127.0.0.1", port: int = 0, guard: Guard | None = None
) -> Iterator[Source]:
    """A source that listens."""

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            source.paths.append(self.path)
            source.asked.append({name.lower(): value for name, value in self.headers.items()})
            refusal = guard(source.asked[-1], self.path) if guard else None
            answer = Answer(401, headers=refusal) if refusal is not None else source.answer()
            self.send_response(answer.status)
            told = {"Content-Type": answer.media_type, "Content-Length": str(len(answer.body) + answer.cut)}
            for name, value in (told | answer.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self._send(answer)

        def _send(self, answer: Answer) -> None:
            pieces = [answer.body] if not answer.drip_seconds else [bytes([byte]) for byte in answer.body]
            try:
                for piece in pieces:
                    self.wfile.write(piece)
                    self.wfile.flush()
                    source.pieces_sent += 1
                    time.sleep(answer.drip_seconds)
            except OSError:
                return

    source = Source("https" if tls else "http")
    with listening(Handler, port, tls, host) as source.port:
        yield source
