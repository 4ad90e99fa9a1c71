"""Reading a camera's address: one bounded GET, to the very address that was checked.

Each hop of a redirection is resolved, checked and pinned anew; credentials go to their own origins only.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Self
from urllib.parse import urljoin

from civicam.aws.addresses import PORTS, PUBLIC_ONLY, Address, Reach, parse_url
from civicam.cameras.authentication import Access
from civicam.contracts.credentials import origin_of
from civicam.contracts.errors import Rejected, Unavailable

REDIRECTS = 3
GREETINGS = 3
"""Requests of one hop: the first, the one that answers its challenge, the one that answers a stale nonce."""
CHUNK = 64 * 1024
_MOVED = {301, 302, 303, 307, 308}
_PASSING = {408, 425, 429}
_ABSENT = {202, 204, 404, 410, 416}

Keys = Callable[[str], Access | None]
"""What may be shown to an origin; None where that is nothing."""

_tls = cache(ssl.create_default_context)
"""Once a process: to load the authorities takes longer than a reading."""


class NotThere(Rejected):
    """The source is well, and has nothing at this address: an export that is not ready is told so."""

    def __init__(self, status: int) -> None:
        super().__init__("source_refused", f"the source answers {status}: check its address and access")


@dataclass(frozen=True)
class Reading:
    """What a source answered. Header names are lower case."""

    body: bytes
    media_type: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Asked:
    """One request: where, for what, under which conditions, and what may be shown to whom."""

    url: str
    media_types: Sequence[str]
    conditions: dict[str, str] = field(default_factory=dict)
    keys: Keys | None = None


@dataclass(frozen=True)
class SourceReader:
    """Reads addresses that owners registered, within bounds of size and time."""

    reach: Reach = PUBLIC_ONLY
    max_bytes: int = 200_000_000
    seconds: float = 20
    """For one reading, its redirections and challenges included."""
    tls: ssl.SSLContext = field(default_factory=_tls)

    @classmethod
    def from_env(cls, max_bytes: int) -> Self:
        """A reader that reaches private addresses and other ports only as the stack's settings open them."""
        return cls(Reach.from_env(), max_bytes)

    def read(
        self,
        url: str,
        media_types: Sequence[str],
        *,
        known: "dict[str, str] | None" = None,
        keys: Keys | None = None,
    ) -> Reading | None:
        """The source's answer; None where it says that nothing changed since `known`, the headers of an earlier answer.

        Raises Rejected: `refused_address`, `too_large`, `unsupported_media_type`, `credentials_refused`,
        `source_refused` (4xx, redirections without end); Unavailable for what passes: no connection, no time, half an
        answer, 5xx.
        """
        with self.opened(Asked(url, media_types, _conditions(known or {}), keys), self.seconds) as answer:
            return self._body(answer)

    @contextmanager
    def opened(self, asked: Asked, seconds: float) -> Iterator[http.client.HTTPResponse]:
        """The answer itself (200 or 304) to whoever reads it piece by piece, for so long; raises as `read` does."""
        deadline, url = time.monotonic() + seconds, asked.url
        for _ in range(REDIRECTS + 1):
            with self._hop(url, asked, deadline) as answer:
                if answer.status not in _MOVED:
                    _admit(answer, asked.media_types)
                    yield answer
                    return
                url = _sent_to(url, answer)
        raise Rejected("source_refused", f"the source redirects more than {REDIRECTS} times: register its own address")

    @contextmanager
    def _hop(self, url: str, asked: Asked, deadline: float) -> Iterator[http.client.HTTPResponse]:
        """The answer of one address, its challenges answered."""
        address = self.reach.resolve(url)
        access = asked.keys(origin_of(url)) if asked.keys else None
        for _ in range(GREETINGS):
            shown = access.header("GET", _target(url)) if access else None
            headers = asked.conditions | ({"Authorization": shown} if shown else {})
            with self._answer(url, address, asked.media_types, headers, deadline) as answer:
                if access is None or answer.status != 401:
                    if access:
                        access.taken(answer.headers.get("Authentication-Info"))
                    yield answer
                    return
                access.refused(answer.headers.get_all("WWW-Authenticate") or (), shown=shown is not None)
        raise Rejected("credentials_refused", f"the source asks for credentials {GREETINGS} times over: set them anew")

    @contextmanager
    def _answer(
        self, url: str, address: Address, media_types: Sequence[str], headers: dict[str, str], deadline: float
    ) -> Iterator[http.client.HTTPResponse]:
        """One request and its answer."""
        seconds = deadline - time.monotonic()
        connection = _Pinned(url, address, max(seconds, 0.001), self.tls)
        told = {"Accept": ", ".join(media_types), "Accept-Encoding": "identity", "User-Agent": "civicam/1"}
        try:
            with connection.within(seconds):
                connection.request("GET", connection.target, headers=told | headers)
                with connection.getresponse() as answer:
                    yield answer
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"the source cannot be read: {type(error).__name__}") from error
        finally:
            connection.close()

    def _body(self, answer: http.client.HTTPResponse) -> Reading | None:
        if answer.status == 304:
            return None
        body = _bounded(answer, self.max_bytes)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reading(body, answer.headers.get_content_type(), headers)


def _sent_to(url: str, answer: http.client.HTTPResponse) -> str:
    try:
        return urljoin(url, answer.headers.get("Location", ""))
    except ValueError as error:
        raise Rejected("refused_address", "the source redirects to what is no address") from error


def _admit(answer: http.client.HTTPResponse, media_types: Sequence[str]) -> None:
    """Let an answer in whose body is what was asked for, or that has none because nothing changed."""
    if answer.status == 304:
        return
    if answer.status >= 500 or answer.status in _PASSING:
        raise Unavailable(f"the source answers {answer.status}")
    if answer.status in _ABSENT:
        raise NotThere(answer.status)
    if answer.status != 200:
        raise Rejected("source_refused", f"the source answers {answer.status}: check its address and access")
    media_type = answer.headers.get_content_type()
    if media_type not in media_types:
        raise Rejected("unsupported_media_type", f"the source sends {media_type}, not {' or '.join(media_types)}")
    if answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Rejected("unsupported_media_type", "the source packs its answer although it was asked not to")


class _Pinned(http.client.HTTPConnection):
    """A connection to one checked address that speaks to the host of the URL (its Host header and its certificate)."""

    def __init__(self, url: str, address: Address, seconds: float, tls: ssl.SSLContext) -> None:
        parts = parse_url(url)
        super().__init__(str(parts.hostname), parts.port, timeout=seconds)
        self.default_port = PORTS[parts.scheme]
        self.port = parts.port or self.default_port
        self.target = _target(url)
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
        timer = threading.Timer(max(seconds, 0), self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if self._expired:
                raise TimeoutError("the source took too long") from error
            raise
        finally:
            timer.cancel()
        if self._expired:
            raise TimeoutError("the source took too long")

    def _end(self) -> None:
        self._expired = True
        with suppress(OSError):
            if self._wire:
                self._wire.shutdown(socket.SHUT_RDWR)


def _target(url: str) -> str:
    """What the request line names."""
    parts = parse_url(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


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
