"""The pictures of an MJPEG stream (`multipart/x-mixed-replace`), cut out of it as it comes, in bounded memory.

Cameras write it in many ways: a boundary with its dashes or without, quoted, missing; lengths that are wrong or not
there; line ends of one letter or two. So lengths are not believed: a picture ends where the boundary comes again.
"""

from collections.abc import Iterator
from email.message import Message

from civicam.contracts.errors import Rejected

LONGEST_LINE = 8192
"""Of a part's head, and of what may stand before the first boundary."""
LONGEST_BOUNDARY = 200
_START, _END = b"\xff\xd8", b"\xff\xd9"
"""A JPEG's first and last marker (ITU T.81, B.1.1.3)."""


class Multipart:
    """One stream: give it what arrived, and get the pictures that are whole. Raises Rejected for what is no stream."""

    def __init__(self, content_type: str, max_bytes: int) -> None:
        self._boundary = _boundary(content_type)
        self._max_bytes = max_bytes
        self._held = bytearray()
        self._looked = 0
        self._is_begun = False
        self.is_ended = False
        """Whether the stream said that it ends."""

    def feed(self, arrived: bytes) -> Iterator[bytes]:
        """The JPEG pictures that these bytes complete, in order; parts that are none are passed over.

        Raises Rejected: `too_large` for a picture of more than `max_bytes`, `malformed_stream` without a boundary.
        """
        self._held += arrived
        if not self._is_begun and not self._begin():
            return
        while not self.is_ended and (at := self._held.find(self._boundary, self._looked)) >= 0:
            picture = _picture(bytes(self._held[:at]))
            self._pass(at + len(self._boundary))
            if picture:
                yield picture
        if self.is_ended:
            self._held.clear()
            return
        self._looked = max(0, len(self._held) - len(self._boundary))
        if len(self._held) > self._max_bytes + LONGEST_LINE:
            raise Rejected("too_large", f"a picture has more than {self._max_bytes} bytes: have it made smaller")

    def _begin(self) -> bool:
        """Find the first boundary, and take it as it is written there."""
        while (end := self._held.find(b"\n")) >= 0:
            line = bytes(self._held[:end]).strip(b"\r\n \t")
            is_named = bool(self._boundary) and line == self._boundary
            if is_named or (line.startswith(b"--") and self._boundary in line and line.strip(b"-")):
                self._boundary = line[:LONGEST_BOUNDARY]
                self._is_begun = True
                self._pass(end)
                return True
            del self._held[: end + 1]
        if len(self._held) > LONGEST_LINE:
            raise Rejected("malformed_stream", "no boundary stands between its pictures: it is no MJPEG stream")
        return False

    def _pass(self, at: int) -> None:
        self.is_ended = self._held[at : at + 2] == b"--"
        del self._held[:at]
        self._looked = 0


def _boundary(content_type: str) -> bytes:
    """As the header names it, without its dashes; any, where it names none."""
    header = Message()
    header["Content-Type"] = content_type
    named = str(header.get_param("boundary", "") or "").strip().lstrip("-")
    return named.encode("latin-1", "replace")[:LONGEST_BOUNDARY]


def _picture(part: bytes) -> bytes:
    """The JPEG in a part, from its first marker to its last; empty where there is none."""
    start, end = part.find(_START, 0, LONGEST_LINE), part.rfind(_END)
    return part[start : end + 2] if 0 <= start < end else b""
