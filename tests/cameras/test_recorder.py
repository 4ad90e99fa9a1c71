"""The recorder at the edge: what it records reaches the city once, whatever fails in between."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
import urllib3

from civicam.contracts.base import now
from civicam.contracts.footage import ClockQuality
from containers.cameras.recorder.buffer import Buffer
from containers.cameras.recorder.delivery import Delivery
from containers.cameras.recorder.recorder import Recorder
from containers.cameras.recorder.recordings import Folder, Recorded, just_filmed, play
from tests.cameras.conftest import AT, PUSHING, declaration
from tests.fakes.city_api import TOKEN, CityApi, city_api
from tests.fakes.footage import clip, passing

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 s with a keyframe each second."""
    path = tmp_path_factory.mktemp("recording") / "street.mp4"
    path.write_bytes(clip(passing(75)))
    return path


@pytest.fixture
def api() -> Iterator[CityApi]:
    with city_api() as one:
        yield one


@pytest.fixture
def make(api: CityApi, tmp_path: Path) -> Iterator[Callable[..., Recorder]]:
    """Recorders on one buffer, as a process that is started again and again."""
    with urllib3.PoolManager() as http:

        def one(url: str = api.url, token: Callable[[], str] = lambda: TOKEN, max_bytes: int = 10_000_000) -> Recorder:
            buffer = Buffer(tmp_path / "buffer", max_bytes)
            return Recorder(PUSHING, ClockQuality.DECLARED, buffer, Delivery(url, token, http), first_wait_seconds=0.01)

        yield one


def film(recording: Path, end: datetime = AT) -> list[Recorded]:
    return list(just_filmed(recording, 1, end))


def run_until(recorder: Recorder, clips: list[Recorded], done: Callable[[], bool]) -> None:
    """Let it run, and end it once that is so."""
    thread = Thread(target=recorder.run, args=(clips,))
    thread.start()
    deadline = time.monotonic() + 20
    while not done() and time.monotonic() < deadline:
        time.sleep(0.01)
    recorder.stop.set()
    thread.join()
    assert done()


class TestDelivery:
    def test_every_clip_arrives_once_with_the_time_it_was_filmed(
        self, make: Callable[..., Recorder], api: CityApi, recording: Path
    ) -> None:
        make().run(film(recording))
        assert [told.capture_start for told in api.completed] == [AT - timedelta(seconds=n) for n in (3, 2, 1)]
        assert [told.capture_end for told in api.completed] == [AT - timedelta(seconds=n) for n in (2, 1, 0)]
        assert len(api.stored) == 3
        assert make().buffer.oldest() is None

    def test_failures_on_the_way_delay_and_neither_lose_nor_double(
        self, make: Callable[..., Recorder], api: CityApi, recording: Path
    ) -> None:
        api.failures = {
            "declare": [503, 500, 429],
            "put": [503],
            "put_answer": [0, 500, 0],
            "complete": [502, 500],
        }
        make().run(film(recording))
        assert len(api.completed) == len(api.stored) == 3
        assert [told.capture_start for told in api.completed] == sorted(told.capture_start for told in api.completed)

    def test_what_the_city_knows_already_is_not_sent_again(
        self, make: Callable[..., Recorder], api: CityApi, recording: Path
    ) -> None:
        for _ in range(2):
            make().run(film(recording))
        assert len(api.completed) == 3

    @pytest.mark.parametrize("status", [409, 422, 404])
    def test_a_clip_that_the_city_refuses_holds_nobody_up(
        self, make: Callable[..., Recorder], api: CityApi, recording: Path, status: int
    ) -> None:
        api.failures = {"declare": [status]}
        make().run(film(recording))
        assert len(api.completed) == 2

    def test_a_token_that_ran_out_is_asked_for_anew(
        self, make: Callable[..., Recorder], api: CityApi, recording: Path
    ) -> None:
        tokens = ["old", "old", TOKEN]
        make(token=lambda: tokens.pop(0) if len(tokens) > 1 else tokens[0]).run(film(recording))
        assert len(api.completed) == 3

    def test_an_outage_is_sat_out_on_the_disk(
        self, make: Callable[..., Recorder], api: CityApi, recording: Path, tmp_path: Path
    ) -> None:
        recorder = make(url="http://127.0.0.1:9")
        run_until(recorder, film(recording), lambda: len(list((tmp_path / "buffer").glob("*.json"))) == 3)
        assert api.completed == []
        make().run([])
        assert len(api.completed) == 3


class TestBuffer:
    def test_the_oldest_clips_go_when_the_room_is_needed(self, tmp_path: Path) -> None:
        buffer = Buffer(tmp_path, max_bytes=25)
        for second in range(4):
            body = b"%010d" % second
            buffer.add(declaration(body, start=AT + timedelta(seconds=second)), body)
        waiting = buffer.oldest()
        assert waiting is not None
        assert (waiting.body(), buffer.dropped, buffer.size_bytes()) == (b"0000000002", 2, 20)

    def test_a_clip_larger_than_the_buffer_leaves_it_to_that_clip(self, tmp_path: Path) -> None:
        buffer = Buffer(tmp_path, max_bytes=5)
        for second in range(2):
            body = b"%010d" % second
            buffer.add(declaration(body, start=AT + timedelta(seconds=second)), body)
        assert buffer.size_bytes() == 10

    def test_oldest_is_by_capture_time_and_not_by_arrival(self, tmp_path: Path) -> None:
        buffer = Buffer(tmp_path, max_bytes=1000)
        for second in (5, 1, 3):
            buffer.add(declaration(b"%d" % second, start=AT + timedelta(seconds=second)), b"%d" % second)
        waiting = buffer.oldest()
        assert waiting is not None
        assert waiting.body() == b"1"

    def test_what_a_crash_left_half_written_is_not_a_clip(self, tmp_path: Path) -> None:
        Buffer(tmp_path, 1000).add(declaration(b"whole"), b"whole")
        (tmp_path / "20200101T000000000Z_0.clip").write_bytes(b"no note")
        (tmp_path / "20200101T000000000Z_1.json.tmp").write_bytes(b"{")
        (tmp_path / "20200101T000000000Z_2.json").write_bytes(b"{")
        buffer = Buffer(tmp_path, 1000)
        waiting = buffer.oldest()
        assert waiting is not None
        assert waiting.body() == b"whole"
        buffer.remove(waiting)
        assert buffer.oldest() is None
        assert list(tmp_path.iterdir()) == []


class TestRecordings:
    def test_a_file_is_played_in_real_time_with_the_present_time_on_it(self, recording: Path) -> None:
        started, stop = now(), Event()
        clips = list(play(recording, 1, forever=False, stop=stop))
        assert abs((clips[0].capture_start - started).total_seconds()) < 0.5
        assert (now() - started).total_seconds() == pytest.approx(3, abs=0.5)
        assert [clip.capture_end for clip in clips[:-1]] == [clip.capture_start for clip in clips[1:]]

    def test_a_file_played_for_ever_goes_on_without_a_gap(self, recording: Path) -> None:
        stop, clips = Event(), []
        for recorded in play(recording, 0.5, forever=True, stop=stop):
            clips.append(recorded)
            if len(clips) == 4:
                stop.set()
        assert [clip.capture_end for clip in clips[:-1]] == [clip.capture_start for clip in clips[1:]]

    def test_a_folder_is_read_once_file_by_file_and_remembered(self, recording: Path, tmp_path: Path) -> None:
        folder, memory, stop = tmp_path / "in", tmp_path / "done", Event()
        folder.mkdir()
        for number, name in enumerate(("b.mp4", "a.mp4")):
            (folder / name).write_bytes(recording.read_bytes())
            written = AT.timestamp() + 60 * number
            os.utime(folder / name, (written, written))
        (folder / "notes.txt").write_text("no footage")
        (folder / "growing.mp4").write_bytes(recording.read_bytes())
        clips = list(Folder(folder, memory).clips(10, forever=False, stop=stop))
        assert [clip.capture_end for clip in clips] == [AT, AT + timedelta(minutes=1)]
        assert list(Folder(folder, memory).clips(10, forever=False, stop=stop)) == []


class TestProcess:
    def command(self, api: CityApi, recording: Path, folder: Path, *more: str) -> list[str]:
        told = ["--api", api.url, "--camera-id", PUSHING, "--buffer", str(folder), "--seconds", "1"]
        return [sys.executable, "-m", "containers.cameras.recorder", str(recording), *told, *more]

    def test_it_records_a_file_and_ends(self, api: CityApi, recording: Path, tmp_path: Path, checkout: Path) -> None:
        environment = os.environ | {"CIVICAM_TOKEN": TOKEN}
        command = self.command(api, recording, tmp_path, "--at-once")
        done = subprocess.run(
            command, check=False, cwd=checkout, env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        assert len(api.completed) == 3
        assert abs((api.completed[-1].capture_end - datetime.now(UTC)).total_seconds()) < 60

    def test_killed_in_mid_flow_it_goes_on_where_it_was(
        self, api: CityApi, recording: Path, tmp_path: Path, checkout: Path
    ) -> None:
        (tmp_path / "token").write_text(TOKEN)
        told = ("--token-file", str(tmp_path / "token"))
        api.failures = {"declare": [503] * 1000}
        process = subprocess.Popen(self.command(api, recording, tmp_path / "buffer", *told, "--at-once"), cwd=checkout)
        self.wait_for(lambda: len(list((tmp_path / "buffer").glob("*.json"))) == 3)
        process.kill()
        process.wait()
        api.failures = {}
        process = subprocess.Popen(self.command(api, recording, tmp_path / "buffer", *told, "--forever"), cwd=checkout)
        self.wait_for(lambda: len(api.completed) >= 4)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        starts = [told.capture_start for told in api.completed]
        assert len(set(starts)) == len(starts)

    def wait_for(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not done() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert done()
