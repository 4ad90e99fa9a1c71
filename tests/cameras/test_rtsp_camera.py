"""A recorder and a camera that really speaks RTSP: every picture once, at its time, whatever happens between them."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from io import BytesIO
from ipaddress import ip_network
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import Any

import av
import pytest

from civicam.contracts.base import now
from civicam.contracts.errors import Rejected, Unavailable
from civicam.contracts.footage import ClockQuality
from civicam_cli.rtsp_camera import RtspCamera as Served
from civicam_cli.rtsp_camera import rtsp_camera
from containers.cameras.recorder.live import Live
from containers.cameras.recorder.recordings import Recorded
from containers.cameras.recorder.rtsp import RtspCamera, login_of
from containers.cameras.recorder.spool import read_spool
from tests.cameras.conftest import PUSHING
from tests.fakes.city_api import TOKEN, CityApi, city_api
from tests.fakes.footage import clip, passing

pytestmark = pytest.mark.unit
LOOPBACK = (ip_network("127.0.0.0/8"),)
FAST = 5.0
B_FRAMES = {"preset": "medium", "bf": "2", "sc_threshold": "0"}


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 s with a key picture each second, and B-frames between."""
    path = tmp_path_factory.mktemp("footage") / "street.mp4"
    path.write_bytes(clip(passing(75), options=B_FRAMES))
    return path


def live(camera: Served, folder: Path, **settings: Any) -> Live:
    scheme = settings.pop("scheme", "digest")
    login = login_of(camera.login, camera.url, scheme) if camera.login else None
    read = RtspCamera(camera.url, LOOPBACK, login, silence_s=settings.pop("silence_s", 5.0))
    return Live(read, PUSHING, folder, 1.0, Event(), first_wait_s=0.01, **settings)


def record(recorder: Live, count: int) -> list[Recorded]:
    """So many clips, and what had come of the next one."""
    clips = []
    for recorded in recorder.clips():
        clips.append(recorded)
        if len(clips) == count:
            recorder.stop.set()
    return clips


def slices(body: bytes) -> list[bytes]:
    """The coded pictures of an MP4 without parameter sets, one by one."""
    with av.open(BytesIO(body), "r") as opened:
        return [bytes(packet) for packet in opened.demux(opened.streams.video[0]) if packet.size]


def coded(units: Sequence[bytes]) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def pictures(body: bytes) -> list[tuple[float, bytes]]:
    with av.open(BytesIO(body), "r") as opened:
        return [(float(frame.time or 0), frame.to_ndarray().tobytes()) for frame in opened.decode(video=0)]


def test_libav_reads_the_camera_of_these_tests_too(footage: Path) -> None:
    """Another client than ours shows that the camera speaks RTSP and not just our idea of it."""
    with (
        rtsp_camera(footage, speed=FAST) as camera,
        av.open(camera.url, options={"rtsp_transport": "tcp"}) as opened,
    ):
        seen = [frame.to_ndarray().tobytes() for _, frame in zip(range(60), opened.decode(video=0), strict=False)]
    assert seen == [content for _, content in pictures(footage.read_bytes())][:60]


@pytest.mark.parametrize("in_band", [True, False])
def test_every_picture_comes_once_unchanged_at_its_time(footage: Path, tmp_path: Path, in_band: bool) -> None:
    with rtsp_camera(footage, speed=FAST, in_band=in_band) as camera:
        recorder = live(camera, tmp_path)
        clips = record(recorder, 3)
    whole = [picture for one in clips for picture in slices(one.segment.body)]
    assert whole == [coded(picture.units) for picture in camera.sent[0]][: len(whole)]
    assert [one.segment.seconds for one in clips[:3]] == [1.0, 1.0, 1.0]
    shown = [picture for one in clips[:3] for picture in pictures(one.segment.body)]
    assert [content for _, content in shown] == [content for _, content in pictures(footage.read_bytes())]
    assert [time for time, _ in shown[:25]] == pytest.approx([n / 25 for n in range(25)], abs=1e-4)


def test_h265_is_carried_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "street.mp4"
    options = {"preset": "ultrafast", "x265-params": "log-level=none:pools=none:frame-threads=1:bframes=0"}
    path.write_bytes(clip(passing(50), codec="libx265", options=options))
    with rtsp_camera(path, speed=FAST) as camera:
        first, *_ = record(live(camera, tmp_path / "spool"), 1)
    assert slices(first.segment.body) == [coded(picture.units) for picture in camera.sent[0]][:25]
    assert len(pictures(first.segment.body)) == 25


class TestTime:
    def test_clips_bear_the_camera_s_time_without_gap_or_overlap(self, footage: Path, tmp_path: Path) -> None:
        began = now()
        with rtsp_camera(footage, clock_offset_s=0.5) as camera:
            first, second, *_ = record(live(camera, tmp_path), 2)
        assert {one.clock_quality for one in (first, second)} == {ClockQuality.SYNCED}
        assert second.capture_start - first.capture_end < timedelta(milliseconds=2)
        assert timedelta(seconds=0.45) < first.capture_start - began < timedelta(seconds=5)

    @pytest.mark.parametrize("settings", [{"reports": False}, {"clock_offset_s": -25_200.0}])
    def test_a_camera_without_a_right_clock_is_stamped_at_receipt(
        self, footage: Path, tmp_path: Path, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        began = now()
        with caplog.at_level("INFO"), rtsp_camera(footage, **settings) as camera:
            first, *_ = record(live(camera, tmp_path), 1)
        assert first.clock_quality is ClockQuality.RECEIVED
        assert timedelta(0) <= first.capture_start - began < timedelta(seconds=5)
        assert "clock_quality received" in caplog.text


class TestAddressAndLogin:
    @pytest.mark.parametrize(("scheme", "algorithm"), [("basic", "MD5"), ("digest", "MD5"), ("digest", "SHA-256")])
    def test_the_login_is_shown_as_the_camera_asks_for_it(
        self, footage: Path, tmp_path: Path, scheme: str, algorithm: str
    ) -> None:
        with rtsp_camera(footage, speed=FAST, login="admin:p:ss", scheme=scheme, algorithm=algorithm) as camera:
            assert record(live(camera, tmp_path, scheme=scheme), 1)

    def test_a_login_that_is_refused_ends_it_and_is_told_without_the_login(self, footage: Path, tmp_path: Path) -> None:
        with rtsp_camera(footage, login="admin:right") as camera:
            recorder = live(camera, tmp_path)
            recorder.camera = RtspCamera(camera.url, LOOPBACK, login_of("admin:wr0ng", camera.url))
            with pytest.raises(Rejected, match="refuses the credentials") as refused:
                list(recorder.clips())
            assert "wr0ng" not in str(refused.value)
            assert camera.asked.count("DESCRIBE") == 2
            with pytest.raises(Rejected, match="--login-file"):
                RtspCamera(camera.url, LOOPBACK).connect()

    def test_a_camera_that_asks_for_a_login_in_clear_gets_none(self, footage: Path, tmp_path: Path) -> None:
        with (
            rtsp_camera(footage, login="admin:x", scheme="basic") as camera,
            pytest.raises(Rejected, match="asks for basic"),
        ):
            RtspCamera(camera.url, LOOPBACK, login_of(camera.login, camera.url)).connect()

    @pytest.mark.parametrize("text", ["", "nobody", ":x", "a:", "a:b\nc"])
    def test_what_is_no_login_is_said(self, text: str) -> None:
        with pytest.raises(Rejected, match="user:password"):
            login_of(text, "rtsp://192.168.1.7/x")

    @pytest.mark.parametrize(
        "url",
        [
            "rtsp://127.0.0.1/x",
            "rtsp://169.254.169.254/latest",
            "rtsp://192.168.1.7/x",
            "rtsp://[::1]/x",
            "rtsp://[::ffff:10.0.0.1]/x",
            "rtsp://2130706433/x",
            "rtsp://0x7f.1/x",
            "rtsp://admin:secret@8.8.8.8/x",
            "http://8.8.8.8/x",
            "rtp://8.8.8.8:5004",
            "file:///etc/passwd",
            "rtsp://8.8.8.8/x\r\nX: y",
        ],
    )
    def test_only_addresses_of_the_configured_networks_are_called(self, url: str) -> None:
        with pytest.raises(Rejected) as refused:
            RtspCamera(url, (ip_network("192.168.7.0/24"),)).connect()
        assert refused.value.reason == "refused_address"
        assert "secret" not in str(refused.value)

    def test_a_camera_that_sends_elsewhere_is_not_followed(self, footage: Path) -> None:
        with redirecting() as url, pytest.raises(Rejected, match="with 302"):
            RtspCamera(url, LOOPBACK).connect()


class TestOutages:
    def test_what_came_before_the_camera_broke_off_is_a_clip(self, footage: Path, tmp_path: Path) -> None:
        with rtsp_camera(footage, speed=FAST, shows=40) as camera:
            clips = record(live(camera, tmp_path), 4)
        assert [len(slices(one.segment.body)) for one in clips[:4]] == [25, 15, 25, 15]
        assert len(camera.sent) >= 2

    def test_a_picture_with_a_lost_packet_is_left_out_and_the_rest_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "street.mp4"
        path.write_bytes(clip(passing(50, width=640, height=384), options=B_FRAMES))
        with rtsp_camera(path, speed=FAST, loses=frozenset({0})) as camera:
            recorder = live(camera, tmp_path / "spool")
            first, *_ = record(recorder, 1)
        assert slices(first.segment.body) == [coded(one.units) for one in camera.sent[0][24:49]]

    def test_a_camera_that_falls_silent_is_left_and_called_again(self, footage: Path, tmp_path: Path) -> None:
        with rtsp_camera(footage, speed=0.02) as camera:
            recorder = live(camera, tmp_path, silence_s=0.3)
            thread = Thread(target=lambda: list(recorder.clips()))
            thread.start()
            wait_for(lambda: recorder.connections >= 2)
            recorder.stop.set()
            thread.join()

    def test_a_camera_that_is_away_is_waited_for(self, footage: Path, tmp_path: Path) -> None:
        with rtsp_camera(footage, speed=FAST, refuses=True) as camera:
            recorder = live(camera, tmp_path)
            thread = Thread(target=record, args=(recorder, 1))
            thread.start()
            wait_for(lambda: camera.turned_away >= 3)
            camera.refuses = False
            thread.join()
        assert recorder.connections == 1

    def test_a_stream_without_key_pictures_does_not_fill_the_disk(
        self, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("containers.cameras.recorder.spool.LONGEST_CLIP_S", 0.5)
        with rtsp_camera(footage, speed=FAST) as camera:
            clips = record(live(camera, tmp_path), 2)
        assert max(one.segment.seconds for one in clips) < 0.7

    def test_a_connection_that_says_no_rtsp_passes(self) -> None:
        with answering(b"HTTP/1.1 200 OK\r\n\r\n") as url, pytest.raises(Unavailable):
            RtspCamera(url, LOOPBACK).connect()


@dataclass
class Process:
    """A recorder's process, started as often as one likes on one buffer."""

    camera: Served
    api: CityApi
    folder: Path
    checkout: Path
    more: tuple[str, ...] = ()

    def start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "containers.cameras.recorder", self.camera.url, "--api", self.api.url]
        command += ["--camera-id", PUSHING, "--buffer", str(self.folder), "--seconds", "1"]
        command += ["--camera-network", "127.0.0.0/8", *self.more]
        with (self.folder.parent / "log").open("ab") as log:
            return subprocess.Popen(command, cwd=self.checkout, env=os.environ | {"CIVICAM_TOKEN": TOKEN}, stderr=log)

    def said(self) -> str:
        return (self.folder.parent / "log").read_text()


class TestProcess:
    @pytest.fixture
    def api(self) -> Iterator[CityApi]:
        with city_api() as one:
            yield one

    def test_an_outage_of_the_city_loses_nothing_and_doubles_nothing(
        self, footage: Path, api: CityApi, tmp_path: Path, checkout: Path
    ) -> None:
        api.failures = {"declare": [503, 503], "put": [500], "complete": [502]}
        with rtsp_camera(footage, shows=100) as camera:
            one = Process(camera, api, tmp_path / "buffer", checkout).start()
            wait_for(partial(shown, camera, 0, 80))
            camera.refuses = True
            wait_for(lambda: delivered(api) >= 100)
            stop(one)
        assert [picture for body in in_order(api) for picture in slices(body)] == [
            coded(picture.units) for picture in camera.sent[0]
        ]

    def test_killed_again_and_again_it_loses_no_picture_that_it_had_received(
        self, footage: Path, api: CityApi, tmp_path: Path, checkout: Path
    ) -> None:
        api.failures = {"declare": [503, 503], "put_answer": [500, 0, 500], "complete": [0, 500]}
        last: list[bytes] = []
        with rtsp_camera(footage) as camera:
            process = Process(camera, api, tmp_path / "buffer", checkout)
            for number in range(3):
                one = process.start()
                wait_for(partial(shown, camera, number, 60))
                if number < 2:
                    one.kill()
                    one.wait()
                    last.append(last_on_disk(tmp_path / "buffer" / "spool"))
            camera.refuses = True
            camera.hang_up()
            wait_for(lambda: delivered(api) >= 120 and not list((tmp_path / "buffer").glob("*.json")))
            stop(one)
        assert len({told.capture_start for told in api.completed}) == len(api.completed) == len(api.stored)
        come = [picture for body in in_order(api) for picture in slices(body)]
        for sent in camera.sent[:3]:
            here = common([coded(picture.units) for picture in sent], come)
            assert here >= 25
            assert not last or last.pop(0) in come[:here]
            del come[:here]
        assert come == []

    def test_the_login_shows_neither_in_the_arguments_nor_in_the_log(
        self, footage: Path, api: CityApi, tmp_path: Path, checkout: Path
    ) -> None:
        (tmp_path / "login").write_text("admin:hun%er2\n")
        (tmp_path / "buffer").mkdir()
        with rtsp_camera(footage, speed=FAST, login="admin:hun%er2", shows=60) as camera:
            process = Process(camera, api, tmp_path / "buffer", checkout, ("--login-file", str(tmp_path / "login")))
            one = process.start()
            wait_for(lambda: len(api.completed) >= 2)
            arguments = Path(f"/proc/{one.pid}/cmdline").read_bytes()
            camera.login = "admin:changed"
            wait_for(lambda: "refuses the credentials" in process.said())
            stop(one)
        assert b"hun%er2" not in arguments
        assert "hun%er2" not in process.said()
        assert not re.search(r"rtsp://", process.said())

    def test_what_refuses_at_once_ends_it_with_a_reason(
        self, footage: Path, api: CityApi, tmp_path: Path, checkout: Path
    ) -> None:
        (tmp_path / "buffer").mkdir()
        with rtsp_camera(footage, login="admin:x") as camera:
            process = Process(camera, api, tmp_path / "buffer", checkout)
            assert process.start().wait(timeout=30) == 1
        assert "--login-file" in process.said()


def delivered(api: CityApi) -> int:
    return sum(len(slices(api.stored[name])) for name in completed(api))


def completed(api: CityApi) -> list[str]:
    names = {told.sha256: name for name, told in api.declared.items()}
    return [names[told.sha256] for told in sorted(api.completed, key=lambda told: told.capture_start)]


def in_order(api: CityApi) -> list[bytes]:
    return [api.stored[name] for name in completed(api)]


def shown(camera: Served, connection: int, count: int) -> bool:
    """Whether the camera has sent so many pictures over its nth connection."""
    return len(camera.sent) > connection and len(camera.sent[connection]) >= count


def common(sent: Sequence[bytes], come: Sequence[bytes]) -> int:
    """How many pictures at the beginning of both are the same."""
    return next((n for n, pair in enumerate(zip(sent, come, strict=False)) if pair[0] != pair[1]), len(sent))


def last_on_disk(spool: Path) -> bytes:
    """The last picture that a killed process had put on disk."""
    spooled = read_spool(max(spool.glob("*.spool")))
    assert spooled is not None
    known = spooled.format.parameters
    return coded([unit for unit in spooled.pictures[-1].units if unit not in known])


def stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


def wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def redirecting() -> Any:
    return answering(b"RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: rtsp://169.254.169.254/\r\n\r\n")


@contextmanager
def answering(content: bytes) -> Iterator[str]:
    """A server that gives one answer to the first request, and hangs up."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(content)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"rtsp://127.0.0.1:{server.server_address[1]}/live"
        finally:
            server.shutdown()
            thread.join()
