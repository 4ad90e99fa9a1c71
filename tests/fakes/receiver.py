"""Somebody's webhook receiver on loopback, which answers as a test tells it to."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.fakes.loopback import Quiet, listening


@dataclass
class Reply:
    """What the receiver says to one request."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    after_seconds: float = 0
    body: bytes = b""


@dataclass
class Received:
    """What reached it."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Takes POSTs; replies in the order of `replies`, the last one for ever."""

    def __init__(self) -> None:
        self.url = ""
        self.replies: list[Reply] = [Reply()]
        self.received: list[Received] = []

    def reply(self) -> Reply:
        """What to say now."""
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver that listens."""

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taker.received.append(Received(self.path, dict(self.headers), body))
            reply = taker.reply()
            time.sleep(reply.after_seconds)
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

    taker = Receiver()
    with listening(Handler) as port:
        taker.url = f"http://127.0.0.1:{port}/hooks?of=city"
        yield taker
