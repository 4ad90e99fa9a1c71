"""Reading a stream of JPEG pictures for a while: some of each second are kept, by the receiver's clock."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from civicam.aws.http_source import Asked, Keys, SourceReader
from civicam.cameras.multipart import Multipart
from civicam.contracts.base import now
from civicam.contracts.errors import Rejected, Unavailable
from civicam.contracts.sources import MjpegSource

STREAM_TYPES = ("multipart/x-mixed-replace",)
GREETING_SECONDS = 10
"""For the connection and the stream's first words, on top of the time that it is read for."""
PIECE = 64 * 1024
LONGEST_PICTURE = 5_000_000
"""A 4K picture at the highest quality has less."""


@dataclass(frozen=True)
class StreamReader:
    """Reads streams within bounds of time, of one picture's size and of all pictures' together."""

    reader: SourceReader
    clock: Callable[[], datetime] = now
    passed: Callable[[], float] = time.monotonic

    def read(self, source: MjpegSource, keys: Keys | None = None) -> dict[datetime, bytes]:
        """The pictures kept, by when each had arrived; consecutive pictures that are the same are one.

        Raises as `SourceReader.read` does, and Rejected (`malformed_stream`, `empty`): a stream that breaks off after
        its first picture was read until there.
        """
        kept: dict[datetime, bytes] = {}
        try:
            for moment, picture in self._pictures(source, keys):
                self._keep(kept, moment, picture)
        except Unavailable:
            if not kept:
                raise
        if not kept:
            raise Rejected("empty", "the stream shows no picture while it is read: read it for longer, or look at it")
        return kept

    def _keep(self, kept: dict[datetime, bytes], moment: datetime, picture: bytes) -> None:
        if kept and (picture == next(reversed(kept.values())) or moment in kept):
            return
        if sum(map(len, kept.values())) + len(picture) > self.reader.max_bytes:
            raise Rejected("too_large", f"the pictures kept have more than {self.reader.max_bytes} bytes: keep fewer")
        kept[moment] = picture

    def _pictures(self, source: MjpegSource, keys: Keys | None) -> Iterator[tuple[datetime, bytes]]:
        """The first picture of each turn of 1/fps seconds, since the first one of all."""
        begun: float | None = None
        due = 0.0
        asked = Asked(source.url, STREAM_TYPES, keys=keys)
        with self.reader.opened(asked, source.seconds + GREETING_SECONDS) as answer:
            stream = Multipart(answer.headers.get("Content-Type", ""), min(LONGEST_PICTURE, self.reader.max_bytes))
            while not stream.is_ended and (piece := answer.read1(PIECE)):
                for picture in stream.feed(piece):
                    at = self.passed()
                    begun = at if begun is None else begun
                    if at - begun >= source.seconds:
                        return
                    if at - begun >= due:
                        due = (int((at - begun) * source.fps) + 1) / source.fps
                        yield self.clock(), picture
                if begun is not None and self.passed() - begun >= source.seconds:
                    return
