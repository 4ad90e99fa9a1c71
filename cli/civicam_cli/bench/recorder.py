"""What a recorder costs at the edge: the CPU of one 1080p25 stream, and what it loses while the city is away.

The camera plays in this process and the recorder in its own, whose CPU alone is counted. Beside it a naive recorder
reads the same camera through libav, decodes, encodes again, and writes files.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import psutil

from civicam.contracts.errors import Inconsistent
from civicam_cli.bench.clips import Kind
from civicam_cli.bench.part import Bench, Goal, Part, Share, table
from civicam_cli.places import ROOT
from civicam_cli.rtsp_camera import RtspCamera, rtsp_camera

HEIGHT, FPS = 1080, 25
KIND: Kind = "moving"
WARM_S, SECONDS = 8.0, 40.0
OUTAGE_VARIABLE = "CIVICAM_BENCH_OUTAGE_S"
OUTAGE_S = 600.0
SPEED = 10.0
"""The outage is played so much faster: what waits on the disk is the same."""
AROUND_S = 30.0
"""Of the camera's time, before the outage and after it."""
CAMERA_ID = "01JZ0000000000000000000001"
NAIVE = """
import sys, av
source = av.open(sys.argv[1], options={"rtsp_transport": "tcp"})
video, part, out = source.streams.video[0], 0, None
for index, frame in enumerate(source.decode(video)):
    if index % 150 == 0:
        if out:
            out.mux(coded.encode(None)); out.close()
        out = av.open(f"{sys.argv[2]}/{index}.mp4", "w")
        coded = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        coded.width, coded.height, coded.pix_fmt = video.width, video.height, "yuv420p"
    frame.pts, frame.pict_type = None, 0
    out.mux(coded.encode(frame))
"""


@dataclass
class City:
    """The API as a recorder sees it, and what arrived: bytes of coded pictures by clip."""

    url: str = ""
    away: bool = False
    arrived: dict[str, int] = field(default_factory=dict)
    doubled: int = 0


def measure(bench: Bench) -> Share:
    """CPU as a share of a core of both ways, and the bytes that an outage cost."""
    scene = bench.clips.scenes()[0]
    footage = bench.clips.path(scene, KIND, HEIGHT)
    bench.say(f"recorder: {SECONDS:g} s of {scene} at {HEIGHT}p{FPS}")
    ours = _cpu(footage, _recorder)
    bench.say("recorder: the naive way, decoding and encoding again")
    naive = _cpu(footage, lambda camera, _, folder: [sys.executable, "-c", NAIVE, camera.url, str(folder)])
    outage_s = float(os.environ.get(OUTAGE_VARIABLE) or OUTAGE_S)
    bench.say(f"recorder: an outage of {outage_s:g} s, {SPEED:g} times as fast")
    told: dict[str, Any] = {
        "scene": scene,
        "bitrate_mbps": round(footage.stat().st_size * 8 / 10 / 1e6, 1),
        "seconds": SECONDS,
        "ours_percent_of_core": round(ours * 100, 2),
        "naive_percent_of_core": round(naive * 100, 1),
        "outage": _outage(footage, outage_s),
    }
    return {"recorder": told}


def section(share: Share) -> Iterable[str]:
    """Both ways, and the outage."""
    told: Any = share["recorder"]
    yield f"One stream of {told['scene']} at {HEIGHT}p{FPS}, {told['bitrate_mbps']} Mbit/s, over {told['seconds']:g} s:"
    yield "CPU of the recorder's process as a share of one core, the camera's own not counted."
    yield ""
    yield from table(
        ["way", "CPU, % of a core"],
        [
            ["cut at key pictures as it comes, spooled, delivered", told["ours_percent_of_core"]],
            ["naive: read by libav, decoded, encoded again, written", told["naive_percent_of_core"]],
        ],
    )
    out = told["outage"]
    yield ""
    yield f"An outage of the city of {out['seconds']:g} s, played {out['speed']:g} times as fast: {out['sent_bytes']:,}"
    yield f"bytes of coded pictures were sent, {out['lost_bytes']:,} lost; {out['clips']} clips arrived,"
    yield f"{out['doubled']} of them twice. (`{OUTAGE_VARIABLE}` sets another length.)"


def _cpu(footage: Path, command: Callable[[RtspCamera, City, Path], list[str]]) -> float:
    """The share of a core that a process uses while the camera plays."""
    with (
        tempfile.TemporaryDirectory() as folder,
        rtsp_camera(footage) as camera,
        _city() as city,
        _running(command(camera, city, Path(folder))) as process,
    ):
        _wait(lambda: _shown(camera) >= WARM_S * FPS, process)
        before, begun = process.cpu_times(), time.monotonic()
        time.sleep(SECONDS)
        after, seconds = process.cpu_times(), time.monotonic() - begun
    return (after.user + after.system - before.user - before.system) / seconds


def _outage(footage: Path, seconds: float) -> dict[str, Any]:
    pictures = round((2 * AROUND_S + seconds) * FPS)
    with (
        tempfile.TemporaryDirectory() as folder,
        rtsp_camera(footage, speed=SPEED, in_band=False, shows=pictures) as camera,
        _city() as city,
        _running(_recorder(camera, city, Path(folder))) as process,
    ):
        _wait(lambda: _shown(camera) >= AROUND_S * FPS, process)
        city.away = True
        _wait(lambda: _shown(camera) >= (AROUND_S + seconds) * FPS, process)
        city.away = False
        _wait(lambda: _shown(camera) >= pictures, process)
        camera.refuses = True
        sent = sum(len(unit) for picture in camera.sent[0] for unit in picture.units)
        _wait(lambda: sum(city.arrived.values()) >= sent, process, give_up_s=180)
        told = {"seconds": seconds, "speed": SPEED, "sent_bytes": sent, "clips": len(city.arrived)}
        return told | {"lost_bytes": sent - sum(city.arrived.values()), "doubled": city.doubled}


def _shown(camera: RtspCamera) -> int:
    return len(camera.sent[0]) if camera.sent else 0


def _recorder(camera: RtspCamera, city: City, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "containers.cameras.recorder", camera.url, "--api", city.url]
    command += ["--camera-id", CAMERA_ID, "--buffer", str(folder), "--buffer-mb", "4000"]
    return [*command, "--camera-network", "127.0.0.0/8"]


@contextmanager
def _running(command: list[str]) -> Iterator[psutil.Process]:
    environment = os.environ | {"CIVICAM_TOKEN": "none"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.kill()


def _wait(done: Callable[[], bool], process: psutil.Process, give_up_s: float = 900) -> None:
    deadline = time.monotonic() + give_up_s
    while not done() and time.monotonic() < deadline:
        if process.status() == psutil.STATUS_ZOMBIE:
            raise Inconsistent("the recorder ended while it was measured: run it by hand to see why")
        time.sleep(0.1)


@contextmanager
def _city() -> Iterator[City]:
    city = City()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if city.away:
                self._answer(503, {})
            elif self.path.endswith("/complete"):
                self._answer(202, {})
            else:
                upload = {"method": "PUT", "url": f"{city.url}/{told['sha256']}", "headers": {}}
                self._answer(201, {"clip_id": told["sha256"], "upload": upload})

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            city.doubled += self.path in city.arrived
            city.arrived[self.path] = _picture_bytes(body)
            self._answer(200, {})

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        city.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield city
        finally:
            server.shutdown()
            thread.join()


def _picture_bytes(body: bytes) -> int:
    """Bytes of the NAL units of an MP4, without the four of each one's length."""
    with av.open(BytesIO(body), "r") as opened:
        return sum(_units(bytes(packet)) for packet in opened.demux(opened.streams.video[0]) if packet.size)


def _units(packet: bytes) -> int:
    at = total = 0
    while at < len(packet):
        length = int.from_bytes(packet[at : at + 4], "big")
        at, total = at + 4 + length, total + length
    return total


RECORDER = Part(
    name="recorder",
    title="A recorder at the edge",
    measure=measure,
    section=section,
    goals=(
        Goal(
            measure="CPU of one recorder stream at 1080p25",
            wanted="under 3 % of a core",
            came_to=lambda share: f"{_told(share)['ours_percent_of_core']} %",
        ),
        Goal(
            measure="bytes lost over a 10 minute outage of the city",
            wanted="0",
            came_to=lambda share: (
                f"{_told(share)['outage']['lost_bytes']} over {_told(share)['outage']['seconds']:g} s,"
                f" played {_told(share)['outage']['speed']:g} times as fast"
            ),
        ),
    ),
)


def _told(share: Share) -> Any:
    return share["recorder"]
