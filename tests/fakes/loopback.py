"""A server of http.server on loopback, for as long as a test needs it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext


class Quiet(BaseHTTPRequestHandler):
    """A handler that logs nothing."""

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def listening(
    handler: type[Quiet], port: int = 0, tls: SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[int]:
    """The port at which it listens: `port`, or a free one."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server((host, port), handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
