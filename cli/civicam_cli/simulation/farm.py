"""The farm's process: serves a scenario over HTTP on loopback, pushes for its recorders, and keeps the ledger.

`python -m civicam_cli.simulation.farm ORDER` - ORDER is a JSON file.
"""

import hashlib
import math
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TextIO

import httpx

from civicam.cameras.pulls import END_HEADER, START_HEADER
from civicam.contracts.base import Body, now, utc_text
from civicam.contracts.errors import Unavailable
from civicam_cli.bench.load.fleet import DELIVERERS, Api, stamp_box
from civicam_cli.simulation.ledger import Offer
from civicam_cli.simulation.scenario import SLOW_SECONDS, WRONG_CLOCK_HOURS, Scenario, Simulated


class Order(Body):
    """What the process is told."""

    scenario: Scenario
    port: int
    clips: tuple[Path, ...]
    """Of CLIP_SECONDS each; 30 % of their seconds move."""
    pictures: tuple[Path, ...]
    ledger: Path
    begins: Path
    """A file that appears with the moment in it, from which on there is something new; before it, nothing is."""
    api_url: str
    token: str
    ids: dict[str, str]
    """Camera ids of those that push, by name."""


class Farm:
    """The cameras, and what they gave out."""

    def __init__(self, order: Order, ledger: TextIO) -> None:
        self._order, self._ledger, self._lock = order, ledger, threading.Lock()
        self.cameras = {camera.name: camera for camera in order.scenario.cameras}
        self._clips = [path.read_bytes() for path in order.clips]
        self._pictures = [path.read_bytes() for path in order.pictures]
        self._begin: datetime | None = None

    def second(self, moment: datetime) -> float | None:
        """Of the simulation; None before it began and after its end."""
        if self._order.begins.exists():
            self._begin = datetime.fromisoformat(self._order.begins.read_text())
        second = (moment - self._begin).total_seconds() if self._begin else -1.0
        return second if 0 <= second < self._order.scenario.seconds else None

    def turn(self, camera: Simulated, moment: datetime, second: float) -> int:
        """Which clip or picture is its newest; a camera that is frozen shows the same again and again."""
        if camera.fault and camera.fails("freeze", second):
            moment -= timedelta(seconds=second - camera.fault.begin_s)
        return math.floor(moment.timestamp() / camera.interval_seconds)

    def body(self, camera: Simulated, turn: int) -> tuple[bytes, datetime, datetime]:
        """A clip or picture, no two alike, and its time as the camera tells it."""
        end = datetime.fromtimestamp(turn * camera.interval_seconds, UTC)
        if camera.kind == "picture":
            jpeg = self._pictures[(camera.number + turn) % len(self._pictures)]
            return jpeg + camera.name.encode() + turn.to_bytes(8, "big"), end, end
        if camera.fault and camera.fault.kind == "clock":
            end += timedelta(hours=WRONG_CLOCK_HOURS)
        clip = self._clips[camera.number % len(self._clips)] + stamp_box(camera.name, end)
        return clip, end - timedelta(seconds=camera.interval_seconds), end

    def note(self, camera: Simulated, body: bytes, start: datetime, end: datetime) -> None:
        """Write down that it was given out whole."""
        digest = hashlib.sha256(body).hexdigest()
        offer = Offer(camera=camera.name, kind=camera.kind, sha256=digest, start=start, end=end)
        with self._lock:
            self._ledger.write(offer.model_dump_json() + "\n")
            self._ledger.flush()

    def push(self) -> None:
        """Deliver for every recorder as its clips close, until the end; a burst waits, and comes at once."""
        pushing = [camera for camera in self.cameras.values() if camera.kind == "push"]
        done: dict[str, int] = {}
        with httpx.Client(timeout=60) as client, ThreadPoolExecutor(DELIVERERS) as deliverers:
            api = Api(self._order.api_url, self._order.token, client)
            while (second := self.second(moment := now())) is not None or self._begin is None:
                for camera in pushing if second is not None else ():
                    turn = self.turn(camera, moment, second or 0)
                    for late in range(done.get(camera.name, turn - 1) + 1, turn + 1):
                        if not camera.fails("burst", second or 0):
                            deliverers.submit(self._deliver, api, camera, late)
                            done[camera.name] = late
                    done.setdefault(camera.name, turn - 1)
                time.sleep(0.5)

    def _deliver(self, api: Api, camera: Simulated, turn: int) -> None:
        body, start, end = self.body(camera, turn)
        try:
            api.deliver_exactly(self._order.ids[camera.name], body, (start, end))
        except (Unavailable, httpx.HTTPError) as error:
            sys.stderr.write(f"farm: {camera.name} could not deliver: {error}\n")
            return
        self.note(camera, body, start, end)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        farm, moment = self.server.farm, now()
        camera, second = farm.cameras.get(self.path.removeprefix("/")), farm.second(moment)
        if camera is None:
            self._answer(404)
        elif second is None:
            self._answer(304)
        elif camera.fails("outage", second):
            self._answer(503)
        else:
            if camera.fails("slow", second):
                time.sleep(SLOW_SECONDS)
            self._give(camera, farm.turn(camera, moment, second))

    def _give(self, camera: Simulated, turn: int) -> None:
        etag = f'"{turn}"'
        if self.headers["If-None-Match"] == etag:
            self._answer(304, {"ETag": etag})
            return
        body, start, end = self.server.farm.body(camera, turn)
        told = {"ETag": etag, "Content-Type": "image/jpeg" if camera.kind == "picture" else "video/mp4"}
        if camera.kind == "clip":
            told |= {START_HEADER: utc_text(start), END_HEADER: utc_text(end)}
        self._answer(200, told, body)
        self.server.farm.note(camera, body, start, end)

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """The ledger says it all."""


class Server(ThreadingHTTPServer):
    """A farm that listens, on 127.0.0.1 alone."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, farm: Farm, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.farm = farm


def main() -> None:
    """Serve and push until the process is ended."""
    order = Order.model_validate_json(Path(sys.argv[1]).read_bytes())
    with order.ledger.open("a") as ledger:
        server = Server(Farm(order, ledger), order.port)
        threading.Thread(target=server.farm.push, name="recorders", daemon=True).start()
        server.serve_forever(0.2)


if __name__ == "__main__":
    main()
