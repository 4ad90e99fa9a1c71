"""RTSP 1.0 on the wire (RFC 2326): requests as bytes, and what a camera sends cut into answers and binary frames."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from civicam.contracts.errors import Unavailable

LONGEST_HEAD = 16_384
"""Bytes of an answer's head; real ones have hundreds."""
LONGEST_BODY = 262_144
"""Bytes of an answer's body: a description of a stream has some thousand at most."""
_MAGIC = ord("$")


@dataclass(frozen=True)
class Answer:
    """An answer of the camera. Header names are in small letters; of a repeated one every value is kept."""

    status: int
    headers: dict[str, tuple[str, ...]]
    body: bytes

    def header(self, name: str) -> str:
        """The first value of a header, or nothing."""
        return self.headers.get(name, ("",))[0]


@dataclass(frozen=True)
class Interleaved:
    """A binary frame between the answers (RFC 2326, 10.12): RTP on even channels, RTCP on odd ones."""

    channel: int
    payload: bytes


def request(method: str, url: str, sequence: int, headers: Mapping[str, str]) -> bytes:
    """One request."""
    told = {"CSeq": str(sequence), "User-Agent": "civicam/1", **headers}
    lines = [f"{method} {url} RTSP/1.0", *(f"{name}: {value}" for name, value in told.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


class Wire:
    """Cuts the bytes of a connection into answers and frames; a request of the camera is passed over."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, received: bytes) -> Iterator[Answer | Interleaved]:
        """What is whole by now. Raises Unavailable for what is no RTSP, or more of it than any camera says."""
        held = self._held
        held += received
        at = 0
        try:
            while len(held) - at >= 4:
                found = _frame(held, at) if held[at] == _MAGIC else _answer(held, at)
                if found is None:
                    break
                what, at = found
                if what is not None:
                    yield what
        finally:
            del held[:at]


def _frame(held: bytearray, at: int) -> tuple[Interleaved, int] | None:
    end = at + 4 + (held[at + 2] << 8 | held[at + 3])
    return (Interleaved(held[at + 1], bytes(held[at + 4 : end])), end) if len(held) >= end else None


def _answer(held: bytearray, at: int) -> tuple[Answer | None, int] | None:
    blank = held.find(b"\r\n\r\n", at, at + LONGEST_HEAD)
    if blank < 0:
        if len(held) - at >= LONGEST_HEAD:
            raise Unavailable("the camera sends what is no RTSP")
        return None
    first, *lines = held[at:blank].decode("latin-1").split("\r\n")
    headers = _headers(lines)
    length = headers.get("content-length", ("0",))[0]
    if not (length.isascii() and length.isdigit()) or int(length) > LONGEST_BODY:
        raise Unavailable("the camera states a body of no or too great a length")
    end = blank + 4 + int(length)
    if len(held) < end:
        return None
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if not version.startswith("RTSP/"):  # a request of the camera, such as ANNOUNCE
        if not first.endswith("RTSP/1.0"):
            raise Unavailable("the camera sends what is no RTSP")
        return None, end
    if not (status.isascii() and status.isdigit()):
        raise Unavailable("the camera's answer states no status")
    return Answer(int(status), headers, bytes(held[blank + 4 : end])), end


def _headers(lines: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        found[key] = (*found.get(key, ()), value.strip())
    return found
