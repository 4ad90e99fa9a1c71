"""Reading a camera's address: one bounded GET, to the very address that was checked."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urljoin

from civicam.aws.addresses import PORTS, Address, Network, allowed_networks, parse_url, resolve_allowed
from civicam.contracts.errors import Rejected, Unavailable

REDIRECTS = 3
CHUNK = 64 * 1024
_MOVED = {301, 302, 303, 307, 308}
_PASSING = {408, 425, 429}


@dataclass(frozen=True)
class Reading:
    """What a source answered. Header names are lower case."""

    body: bytes
    media_type: str
    headers: dict[str, str]


@dataclass(frozen=True)
class SourceReader:
    """Reads addresses that owners registered, within bounds of size and time."""

    networks: Sequence[Network] = ()
    max_bytes: int = 200_000_000
    seconds: float = 20
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    @classmethod
    def from_env(cls, max_bytes: int) -> Self:
        """A reader that reaches private addresses only as PRIVATE_NETWORKS opens them."""
        return cls(allowed_networks(), max_bytes)

    def read(self, url: str, media_types: Sequence[str], *, known: "dict[str, str] | None" = None) -> Reading | None:
        """The source's answer; None where it says that nothing changed since `known`, the headers of an earlier answer.

        Raises Rejected: `refused_address`, `too_large`, `unsupported_media_type`, `source_refused` (4xx, redirections
        without end); Unavailable for what passes: no connection, no time, half an answer, 5xx.
        """
        for _ in range(REDIRECTS + 1):
            answer, location = self._get(url, media_types, _conditions(known or {}))
            if location is None:
                return answer
            url = urljoin(url, location)
        raise Rejected("source_refused", f"the source redirects more than {REDIRECTS} times: register its own address")

    def _get(
        self, url: str, media_types: Sequence[str], conditions: dict[str, str]
    ) -> tuple[Reading | None, str | None]:
        """The answer, or where it sends us."""
        connection = _Pinned(url, resolve_allowed(url, self.networks), self.seconds, self.tls)
        headers = {"Accept": ", ".join(media_types), "Accept-Encoding": "identity", "User-Agent": "civicam/1"}
        try:
            with connection.within(self.seconds):
                connection.request("GET", connection.target, headers=headers | conditions)
                with connection.getresponse() as answer:
                    if answer.status in _MOVED:
                        return None, answer.headers.get("Location", "")
                    return self._body(answer, media_types), None
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"the source cannot be read: {type(error).__name__}") from error
        finally:
            connection.close()

    def _body(self, answer: http.client.HTTPResponse, media_types: Sequence[str]) -> Reading | None:
        if answer.status == 304:
            return None
        if answer.status >= 500 or answer.status in _PASSING:
            raise Unavailable(f"the source answers {answer.status}")
        if answer.status != 200:
            raise Rejected("source_refused", f"the source answers {answer.status}: check its address and access")
        media_type = answer.headers.get_content_type()
        if media_type not in media_types:
            raise Rejected("unsupported_media_type", f"the source sends {media_type}, not {' or '.join(media_types)}")
        body = _bounded(answer, self.max_bytes)
        return Reading(body, media_type, {name.lower(): value for name, value in answer.headers.items()})


class _Pinned(http.client.HTTPConnection):
    """A connection to one checked address that speaks to the host of the URL (its Host header and its certificate)."""

    def __init__(self, url: str, address: Address, seconds: float, tls: ssl.SSLContext) -> None:
        parts = parse_url(url)
        super().__init__(str(parts.hostname), parts.port, timeout=seconds)
        self.default_port = PORTS[parts.scheme]
        self.port = parts.port or self.default_port
        self.target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._address = address
        self._tls = tls if parts.scheme == "https" else None
        self._wire: socket.socket | None = None
        self._expired = False

    def connect(self) -> None:
        """Connect to the pinned address; the name is not looked up again."""
        self.sock = self._wire = socket.create_connection((str(self._address), self.port), self.timeout)
        if self._tls:
            secure = self._tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = self._wire = secure
            secure.do_handshake()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End the connection when the time is over, however slowly the other side dribbles; then TimeoutError."""
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if self._expired:
                raise TimeoutError(f"the source took more than {seconds:.0f} s") from error
            raise
        finally:
            timer.cancel()
        if self._expired:
            raise TimeoutError(f"the source took more than {seconds:.0f} s")

    def _end(self) -> None:
        self._expired = True
        with suppress(OSError):
            if self._wire:
                self._wire.shutdown(socket.SHUT_RDWR)


def _bounded(answer: http.client.HTTPResponse, max_bytes: int) -> bytes:
    """The whole body; raises Rejected (`too_large`) as soon as that shows, IncompleteRead where the end is missing."""
    expected = answer.length
    body = bytearray()
    while len(body) <= max_bytes and (expected is None or expected <= max_bytes):
        chunk = answer.read(CHUNK)
        if not chunk:
            break
        body += chunk
    else:
        raise Rejected("too_large", f"the source sends more than {max_bytes} bytes: shorten its clips")
    if expected is not None and len(body) < expected:
        raise http.client.IncompleteRead(bytes(body), expected - len(body))
    if not body:
        raise Rejected("empty", "the source sends nothing")
    return bytes(body)


def _conditions(known: dict[str, str]) -> dict[str, str]:
    """The conditional request that an earlier answer allows (RFC 9110, 13.1)."""
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    return {condition: known[name] for name, condition in names.items() if known.get(name)}
