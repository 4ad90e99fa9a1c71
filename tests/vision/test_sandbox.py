"""A child that decodes can do nothing else, and whatever becomes of it, its parent goes on."""

import gc
import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from civicam.contracts.errors import Rejected, Unavailable
from civicam.runtime.container import open_film
from civicam.runtime.helper_process import HelperProcess
from civicam.runtime.sandbox import sample_footage
from civicam.runtime.sandbox_protocol import Ended, SampleRequest, Verdict
from civicam.vision.admission import Limits
from tests.fakes.footage import START, clip, passing

pytestmark = pytest.mark.unit
CONFINED = """
import os, socket, sys
from civicam.runtime.confinement import confine, taken_bytes
from civicam.vision.admission import Limits
limits = Limits.model_validate_json(sys.argv[1])
confine(limits, taken_bytes())
try:
    exec(sys.argv[2])
except BaseException as error:
    os.write(1, type(error).__name__.encode())
"""


@pytest.fixture(scope="module")
def raw() -> bytes:
    return clip(passing(50))


@pytest.fixture
def helper() -> Iterator[HelperProcess]:
    helper = HelperProcess()
    yield helper
    helper.close()


def confined(code: str, **limits: float) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", CONFINED, Limits(**limits).model_dump_json(), code],
        stdout=subprocess.PIPE,
        check=False,
        timeout=60,
    )


def asked(helper: HelperProcess, raw: bytes, **limits: float) -> Verdict:
    request = SampleRequest(media_type="video/mp4", capture_start=START, fps=5, limits=Limits(**limits))
    with tempfile.TemporaryFile() as footage, tempfile.TemporaryFile() as result:
        footage.write(raw)
        footage.flush()
        return helper.run(request, footage, result)


def process(helper: HelperProcess) -> psutil.Process:
    """The helper as the system sees it."""
    (found,) = (child for child in psutil.Process().children() if child.pid == helper.pid)
    return found


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.socket()",
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.socketpair(socket.AF_UNIX)",
        "open('/etc/passwd')",
        "open('/proc/self/environ')",
        "os.listdir('/')",
        "os.dup(0)",
        "os.pipe()",
        "import wave",
    ],
)
def test_a_confined_process_opens_neither_network_nor_file(attempt: str) -> None:
    assert confined(attempt).stdout in {b"OSError", b"ModuleNotFoundError"}


def test_a_confined_process_gets_no_more_memory_than_its_limit() -> None:
    assert confined("bytearray(200_000_000)", memory_bytes=100_000_000).stdout == b"MemoryError"


def test_a_confined_process_ends_with_its_share_of_computing() -> None:
    assert confined("while True: pass", cpu_seconds=1).returncode == -signal.SIGXCPU


def test_a_confined_process_writes_no_more_than_a_pack(tmp_path: Path) -> None:
    with (tmp_path / "result").open("wb") as result:
        subprocess.run(
            [sys.executable, "-c", CONFINED, Limits(max_pack_bytes=1000).model_dump_json(), "os.write(1, bytes(5000))"],
            stdout=result,
            check=False,
            timeout=60,
        )
    assert (tmp_path / "result").stat().st_size <= 1000


def test_the_helper_knows_nothing_of_our_environment(
    helper: HelperProcess, raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert asked(helper, raw).status == Ended.PACKED
    assert set(process(helper).environ()) <= {"PYTHONPATH", "OPENBLAS_NUM_THREADS", "LC_ALL", "LD_LIBRARY_PATH"}


def test_one_helper_serves_many_and_leaves_no_child_and_no_descriptor_behind(helper: HelperProcess, raw: bytes) -> None:
    assert asked(helper, raw).status == Ended.PACKED
    pid, open_before = helper.pid, process(helper).num_fds()
    for limits in ({}, {"wall_seconds": 0.001}, {"memory_bytes": 1_000_000}, {}):
        asked(helper, raw, **limits)
    assert (helper.pid, process(helper).num_fds()) == (pid, open_before)
    assert process(helper).children() == []


def test_a_helper_that_was_killed_is_replaced(helper: HelperProcess, raw: bytes) -> None:
    assert asked(helper, raw).status == Ended.PACKED
    first = helper.pid or 0
    os.kill(first, signal.SIGKILL)
    assert asked(helper, raw).status == Ended.PACKED
    assert helper.pid != first
    assert not psutil.pid_exists(first), "it was waited for"


def test_a_child_out_of_time_is_ended(helper: HelperProcess, raw: bytes) -> None:
    verdict = asked(helper, raw, wall_seconds=0.001)
    assert (verdict.status, verdict.ran_out_of_time) == (-signal.SIGKILL, True)


def test_a_helper_goes_when_its_parent_is_killed() -> None:
    code = (
        "import os, time\n"
        "from civicam.runtime.sandbox import _HELPER\n"
        "_HELPER.start()\n"
        "print(_HELPER.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return  # a zombie is init's to bury
        time.sleep(0.1)
    pytest.fail("the helper outlived its parent")


def test_no_temporary_file_stays(raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sample_footage(raw, "video/mp4", START, fps=5)
    with pytest.raises(Unavailable):
        sample_footage(raw, "video/mp4", START, fps=5, limits=Limits(wall_seconds=0.001))
    gc.collect()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["#EXTM3U\n#EXTINF:9,\n{}\n", "ffconcat version 1.0\nfile {}\n", "v=0\nc=IN IP4 {}\n"])
def test_nobody_is_called_when_a_playlist_gets_as_far_as_libav(form: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        playlist = form.format(f"http://127.0.0.1:{server.getsockname()[1]}/x.mp4").encode()
        with pytest.raises(Rejected):
            open_film(io.BytesIO(playlist))
        with pytest.raises(TimeoutError):
            server.accept()
