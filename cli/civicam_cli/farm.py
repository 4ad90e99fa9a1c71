"""A farm of cameras on loopback: it serves real footage over HTTP, with present times, as pulled cameras do."""

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import av
from PIL import Image

from civicam.cameras.pulls import END_HEADER, START_HEADER
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import Camera, HttpSource
from civicam.runtime.segmenting import Segment, segments, stamped

LONGEST_CLIP_SECONDS = 5.0
PICTURES_PER_SECOND = 2.0


@dataclass(frozen=True)
class Served:
    """One answer of a camera."""

    media_type: str
    etag: str
    headers: Mapping[str, str]
    body: bytes


class Feed(Protocol):
    """What one camera of the farm shows at a time."""

    def at(self, moment: datetime) -> Served:
        """The answer to a request at that moment; the same within one interval."""


@dataclass(frozen=True)
class ClipFeed:
    """A camera that keeps its last clip: each interval the next piece of the footage, which has just ended."""

    camera_id: str
    interval_seconds: int
    cut: tuple[Segment, ...]

    @classmethod
    def of(cls, camera: Camera, source: HttpSource, footage: Path) -> "ClipFeed":
        """The footage in pieces that fit the interval."""
        return cls(camera.camera_id, source.interval_seconds, tuple(segments(footage, LONGEST_CLIP_SECONDS)))

    def at(self, moment: datetime) -> Served:
        """The clip that ended with the last interval."""
        turn = _turn(moment, self.interval_seconds)
        segment = self.cut[turn % len(self.cut)]
        end = datetime.fromtimestamp(turn * self.interval_seconds, UTC)
        start = end - timedelta(seconds=segment.seconds)
        headers = {START_HEADER: utc_text(start), END_HEADER: utc_text(end)}
        return Served("video/mp4", f'"{turn}"', headers, stamped(segment.body, self.camera_id, start))


@dataclass(frozen=True)
class PictureFeed:
    """A camera that shows one picture: each interval the next one of the footage."""

    camera_id: str
    interval_seconds: int
    pictures: tuple[Image.Image, ...]

    @classmethod
    def of(cls, camera: Camera, source: HttpSource, footage: Path) -> "PictureFeed":
        """Two pictures of each second of the footage."""
        return cls(camera.camera_id, source.interval_seconds, tuple(_pictures(footage)))

    def at(self, moment: datetime) -> Served:
        """The picture of this interval, with its time in a comment, so that no two are alike."""
        turn = _turn(moment, self.interval_seconds)
        taken = datetime.fromtimestamp(turn * self.interval_seconds, UTC)
        jpeg = BytesIO()
        comment = f"{self.camera_id} {utc_text(taken)}".encode()
        self.pictures[turn % len(self.pictures)].save(jpeg, "JPEG", quality=90, comment=comment)
        return Served("image/jpeg", f'"{turn}"', {}, jpeg.getvalue())


@dataclass
class Farm:
    """A running farm: where it stands and how often each path was read."""

    url: str
    reads: dict[str, int]


@contextmanager
def farm(feeds: Mapping[str, Feed], port: int = 0) -> Iterator[Farm]:
    """Serve each feed under its path, on this port where it is free, until the block ends."""
    with _server(feeds, port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="farm", daemon=True)
        thread.start()
        try:
            yield server.farm
        finally:
            server.shutdown()
            thread.join()


def feeds_of(footage: Mapping[Camera, Path]) -> dict[str, Feed]:
    """A feed for each pulled camera by the path of its source's address."""
    made: dict[str, Feed] = {}
    for camera, path in footage.items():
        if isinstance(source := camera.source, HttpSource):
            kind = PictureFeed if source.kind == "http_picture" else ClipFeed
            made[urlsplit(source.url).path] = kind.of(camera, source, path)
    return made


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, feeds: Mapping[str, Feed], port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.feeds = feeds
        self.farm = Farm(f"http://127.0.0.1:{self.server_port}", dict.fromkeys(feeds, 0))


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        feed = self.server.feeds.get(path)
        if feed is None:
            self.send_error(404)
            return
        self.server.farm.reads[path] += 1
        served = feed.at(now())
        if self.headers["If-None-Match"] == served.etag:
            self._answer(304, served, b"")
        else:
            self._answer(200, served, served.body)

    def _answer(self, status: int, served: Served, body: bytes) -> None:
        self.send_response(status)
        told = {"Content-Type": served.media_type, "Content-Length": str(len(body)), "ETag": served.etag}
        for name, value in (told | dict(served.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing: the demo's screen is for facts."""


def _server(feeds: Mapping[str, Feed], port: int) -> _Server:
    try:
        return _Server(feeds, port)
    except OSError:
        return _Server(feeds, 0)


def _turn(moment: datetime, interval_seconds: int) -> int:
    return math.floor(moment.timestamp() / interval_seconds)


def _pictures(footage: Path) -> Iterator[Image.Image]:
    with av.open(str(footage), "r") as opened:
        due = 0.0
        for frame in opened.decode(video=0):
            if float(frame.time or 0) >= due:
                yield Image.fromarray(frame.to_ndarray(format="rgb24"))
                due += 1 / PICTURES_PER_SECOND
