"""A container as a process: what it is started with, how it ends, when it is started again."""

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from civicam.contracts.errors import Rejected
from civicam_cli.embedded.images import command_of
from civicam_cli.embedded.tasks import Labels, Pauses, TaskProcess, TaskProcesses

pytestmark = pytest.mark.unit
IMAGES = Path(__file__).parent / "images"
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/civicam/tests/task:latest"
IGNORES = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


class FakeOwner:
    """A role with keys, in no service."""

    def credentials(self, labels: Labels) -> Mapping[str, str]:
        return {"AWS_ACCESS_KEY_ID": labels.get("key", "role")}

    def service(self, labels: Labels) -> str | None:
        return labels.get("service")


@pytest.fixture
def processes() -> Iterator[TaskProcesses]:
    made = TaskProcesses(FakeOwner(), "http://127.0.0.1:1", "us-east-1", IMAGES)
    yield made
    made.close(0)


def start(processes: TaskProcesses, code: str, **options: object) -> TaskProcess:
    return processes.run(IMAGE, command=[code], **options)


def output(process: TaskProcess) -> str:
    return b"".join(process.logs(stream=True)).decode()  # type: ignore[arg-type]  # with `stream` it is lines


def test_an_image_is_the_command_of_its_dockerfile() -> None:
    assert command_of(IMAGE, (), IMAGES) == [sys.executable, "-c", "print('nothing was asked')"]
    assert command_of("civicam/tests/task@sha256:00", ("1",), IMAGES) == [sys.executable, "-c", "1"]


@pytest.mark.parametrize("image", ["nginx", "civicam/tests/other", "civicam/../task", "evil/civicam/tests/task/x"])
def test_any_other_image_is_refused(image: str) -> None:
    with pytest.raises(Rejected, match="cannot run as a process"):
        command_of(image, (), IMAGES)


def test_our_own_images_have_a_command() -> None:
    assert command_of("civicam/vision/detector")[1:] == ["-m", "containers.vision.detector"]


def test_it_gets_its_definitions_environment_its_role_and_nothing_else(
    processes: TaskProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "mine")
    monkeypatch.setenv("SECRET_OF_MINE", "x")
    told = {
        "BUS_NAME": "bus",
        "AWS_ENDPOINT_URL": "http://host.docker.internal:1",
        "AWS_CONTAINER_TOKEN": "t",
    }
    shown = output(start(processes, "import os; print(dict(os.environ))", environment=told, labels={}))
    assert "'BUS_NAME': 'bus'" in shown
    assert "'AWS_ENDPOINT_URL': 'http://127.0.0.1:1'" in shown
    assert "'AWS_ACCESS_KEY_ID': 'role'" in shown
    assert not [name for name in ("SECRET_OF_MINE", "AWS_SESSION_TOKEN", "AWS_CONTAINER") if name in shown]


def test_exit_codes_are_a_containers(processes: TaskProcesses) -> None:
    assert start(processes, "raise SystemExit(3)").wait() == {"StatusCode": 3}
    killed = start(processes, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert killed.wait() == {"StatusCode": 137}
    assert killed.status == "exited"


def test_who_does_not_listen_is_ended_with_all_that_it_started(processes: TaskProcesses) -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {IGNORES!r}])"
    task = start(processes, code)
    while not task.logs():
        time.sleep(0.02)
    child = psutil.Process(task.attrs["State"]["Pid"]).children()[0]
    task.stop(0.2)
    assert task.status == "exited"
    psutil.wait_procs([child], 5)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_what_it_said_goes_with_it(processes: TaskProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    task = start(processes, "print('said')")
    assert output(task) == "said\n"
    task.remove()
    assert not [*tmp_path.iterdir()]


def test_once_closed_nothing_is_started(processes: TaskProcesses) -> None:
    task = start(processes, "import time; time.sleep(60)")
    processes.close(5)
    assert task.status == "exited"
    with pytest.raises(RuntimeError, match="being stopped"):
        start(processes, "1")


def test_a_service_that_cannot_stay_up_is_started_later_and_later() -> None:
    pauses = Pauses(soon_seconds=20, longest_seconds=8)
    starts = [pauses.before("detector", moment) for moment in (0, 1, 3, 6, 12, 21)]
    assert starts == [0, 1, 2, 4, 8, 8]
    assert pauses.before("detector", 60) == 0
    assert pauses.before("another", 60) == 0
