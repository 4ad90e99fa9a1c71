"""Starts and ends the emulator's process, and ends whatever a crash left behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Final

import psutil

from civicam.contracts.errors import Unavailable
from civicam_cli.deployment import CREDENTIALS, REGION
from civicam_cli.embedded.city import CITY_VARIABLE, City
from civicam_cli.places import ROOT

START_SECONDS: Final = 30
STOP_SECONDS: Final = 60
"""Its tasks and functions end first, then it saves its state; a large one takes seconds."""
PORTS_TRIED: Final = 3
"""Another program can take the port between the look at it and the start."""
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH", "SSL_CERT_FILE")


PROGRAM: Final = (sys.executable, "-m", "civicam_cli.embedded.plugin")


def start(city: City, program: Sequence[str] = PROGRAM) -> None:
    """Start the emulator and wait until it answers; raises Unavailable, with the end of its log, when it does not.

    `program` may be another one, such as a bare ministack to probe.
    """
    city.saved_marker.unlink(missing_ok=True)
    shutil.rmtree(city.scratch, ignore_errors=True)
    for folder in (city.state, city.objects, city.scratch):
        folder.mkdir(parents=True, exist_ok=True)
    for _ in range(PORTS_TRIED):
        city.move_if_taken()
        process = _started(city, program)
        if _comes_to_answer(city, process) or city.is_port_free():
            break
    if process.poll() is not None:
        city.forget_process()
        tail = "\n".join(city.log.read_text(errors="replace").splitlines()[-8:])
        raise Unavailable(f"the emulator did not start on {city.endpoint_url}; the end of {city.log} says:\n{tail}")
    process.returncode = 0  # it outlives this command on purpose: no warning that a child was forgotten


def _started(city: City, program: Sequence[str]) -> subprocess.Popen[bytes]:
    with city.log.open("wb") as log:
        process = subprocess.Popen(
            program,
            env=_environment(city),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    city.note_process(process.pid)
    return process


def stop(city: City) -> None:
    """End the city's processes; the emulator saves its state first. Raises Unavailable when it does not end in time."""
    process = city.running()
    if process:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired as error:
            raise Unavailable(f"the emulator (process {process.pid}) does not end: look into {city.log}") from error
    end_leftovers(city)
    if not city.crashed():
        city.forget_process()


def end_leftovers(city: City) -> int:
    """End functions and tasks of this city that outlived their emulator; returns how many there were."""
    emulator = city.running()
    family = {emulator.pid, *(child.pid for child in emulator.children(recursive=True))} if emulator else set()
    orphans = [process for process in city.processes() if process.pid not in family]
    _end(orphans)
    return len(orphans)


def forget_everything_but_objects(city: City) -> None:
    """What is left after a crash: S3 survives, the rest is of another moment and goes.

    Of S3 too, what was not confirmed: an object is on disk before its sidecar is, and both are there before the answer.
    """
    city.due("recovery").touch()
    for file in city.objects.glob("[0-9]*/**/*"):
        if (
            file.is_file()
            and not file.name.endswith(".meta.json")
            and not file.with_name(f"{file.name}.meta.json").exists()
        ):
            file.unlink()
    shutil.rmtree(city.state, ignore_errors=True)
    city.outputs_file.unlink(missing_ok=True)
    city.deployed_file.unlink(missing_ok=True)
    city.forget_process()


def _end(processes: Sequence[psutil.Process], grace_seconds: float = 2) -> None:
    for process in processes:
        _signal(process, signal.SIGTERM)
    for process in psutil.wait_procs(processes, grace_seconds)[1]:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(processes, grace_seconds)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _environment(city: City) -> dict[str, str]:
    """Nothing but what is named here reaches the emulator, and through it the functions."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT_VARIABLES or name.startswith("CIVICAM_")}
    return (
        kept
        | CREDENTIALS
        | {
            CITY_VARIABLE: city.id,
            "CIVICAM_HOME": str(city.folder),
            "GATEWAY_PORT": str(city.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "AUTH": "true",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(city.state),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(city.objects),
            "TMPDIR": str(city.scratch),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": os.environ.get("CIVICAM_EMULATOR_LOG", "WARNING"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONSAFEPATH": "1",
        }
    )


def _comes_to_answer(city: City, process: subprocess.Popen[bytes]) -> bool:
    """Whether this process, and not another that was quicker to take the port, answers in time; it is ended if not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _listens(process.pid, city.port) and _answers(city):
            return True
        time.sleep(0.05)
    process.kill()
    process.wait()
    return False


def _listens(pid: int, port: int) -> bool:
    try:
        sockets = psutil.Process(pid).net_connections("tcp")
    except psutil.NoSuchProcess:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in sockets)


def _answers(city: City) -> bool:
    try:
        with urllib.request.urlopen(f"{city.endpoint_url}/_ministack/health", timeout=5) as answer:  # noqa: S310 - http, ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
