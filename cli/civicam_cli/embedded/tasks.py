"""ECS tasks as local processes, behind the few calls of the Docker client that the emulator's ECS makes.

The emulator keeps the life of tasks and services itself (pending, running, stopped, replaced); a container here is
one process in a session of its own, with the rights of its task role and nothing else of ours.
"""

import math
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any, Protocol
from uuid import uuid4

from civicam_cli.embedded.images import CONTAINERS, command_of
from civicam_cli.places import ROOT

STOP_SECONDS = 30
"""Between SIGTERM and SIGKILL: what ECS gives a container by default."""
CLOSE_SECONDS = 10
"""The same where the whole city is stopped: what a task had in hand returns to its queue."""
_KEPT_VARIABLES = (
    "PATH",
    "HOME",
    "LANG",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "CIVICAM_CITY",
    "CIVICAM_MODEL_MIRROR",
    "CIVICAM_CLIP_MIRROR",
)
Labels = Mapping[str, str]


class Owner(Protocol):
    """What the emulator knows of a container by its labels."""

    def credentials(self, labels: Labels) -> Mapping[str, str]:
        """What the task acts with, as environment variables; none where it has no role."""

    def service(self, labels: Labels) -> str | None:
        """The service that started it; None where nobody will start it again."""


class TaskProcess:
    """One container of a task."""

    def __init__(self, image: str, command: Sequence[str], environment: Mapping[str, str], labels: Labels) -> None:
        self.id, self.labels, self._image = f"{uuid4().hex}{uuid4().hex}", labels, image
        handle, name = tempfile.mkstemp(prefix="task-", suffix=".log")
        self._output = Path(name)
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(handle)

    @property
    def status(self) -> str:
        """`running` or `exited`."""
        return "running" if self._process.poll() is None else "exited"

    @property
    def attrs(self) -> dict[str, Any]:
        """What the emulator asks a container about itself."""
        return {
            "State": {"Status": self.status, "ExitCode": self._process.poll() or 0, "Pid": self._process.pid},
            "Config": {"Image": self._image, "Labels": dict(self.labels)},
            "NetworkSettings": {"IPAddress": "127.0.0.1", "Networks": {"host": {"IPAddress": "127.0.0.1"}}},
        }

    def reload(self) -> None:
        """Nothing is kept that could be old."""

    def wait(self, **_: Any) -> dict[str, int]:
        """The exit code, once there is one: 128 + n after signal n, as containers have it."""
        code = self._process.wait()
        return {"StatusCode": code if code >= 0 else 128 - code}

    def logs(self, *, stream: bool = False, **_: Any) -> Iterator[bytes] | bytes:
        """What it printed; with `stream` line by line, until it has ended."""
        return self._follow() if stream else self._output.read_bytes()

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """Ask it to end, and end it `timeout` seconds later. The whole session goes: what it started ends with it."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def remove(self, **_: Any) -> None:
        """Forget it; it is stopped where it still runs."""
        self.stop(1)
        self._output.unlink(missing_ok=True)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _follow(self) -> Iterator[bytes]:
        with self._output.open("rb") as lines:
            while True:
                ended = self._process.poll() is not None
                yield from iter(lines.readline, b"")
                if ended:
                    return
                time.sleep(0.05)


class TaskProcesses:
    """The client: `containers` and `images` as the emulator calls them."""

    def __init__(self, owner: Owner, endpoint_url: str, region: str, images: Path = CONTAINERS) -> None:
        self._owner, self._endpoint_url, self._region, self._dockerfiles = owner, endpoint_url, region, images
        self._running: dict[str, TaskProcess] = {}
        self._closed, self._pause = Event(), Pauses()
        self.containers, self.images = self, _Images()

    def run(self, image: str, *, command: Sequence[str] | None = None, **options: Any) -> TaskProcess:
        """Start a container."""
        labels = options.get("labels") or {}
        environment = self._environment(options.get("environment") or {}, labels)
        line = command_of(image, command or (), self._dockerfiles)
        service = self._owner.service(labels)
        if self._closed.wait(self._pause.before(service) if service else 0):
            raise RuntimeError("the city is being stopped")
        started = TaskProcess(image, line, environment, labels)
        self._running[started.id] = started
        return started

    def get(self, container_id: str) -> TaskProcess:
        """By id; KeyError where there is none."""
        return self._running[container_id]

    def list(self, **_: Any) -> "list[TaskProcess]":
        """All of them."""
        return [*self._running.values()]

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Let every task end in order, and start no more."""
        self._closed.set()
        for process in self.list():
            process._signal(signal.SIGTERM)
        for process in self.list():
            process.stop(seconds)

    def _environment(self, own: Mapping[str, str], labels: Labels) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        told = {name: str(value) for name, value in own.items() if not name.startswith("AWS_CONTAINER_")}
        address = {
            "AWS_ENDPOINT_URL": self._endpoint_url,
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
        }
        return {**kept, **told, **address, **self._owner.credentials(labels), "PYTHONUNBUFFERED": "1"}


class Pauses:
    """A service whose container ends soon after its start has it started again later and later, as ECS does."""

    def __init__(self, *, soon_seconds: float = 20, longest_seconds: float = 60) -> None:
        self._soon, self._longest = soon_seconds, longest_seconds
        self._starts: dict[str, tuple[float, float]] = {}

    def before(self, service: str, now: float | None = None) -> float:
        """Seconds to wait before this start for the service: none, then 1, 2, 4 ... while starts follow closely."""
        now = time.monotonic() if now is None else now
        last, pause = self._starts.get(service, (-math.inf, 0.0))
        pause = min(self._longest, pause * 2 or 1.0) if now - last < self._soon else 0.0
        self._starts[service] = (now + pause, pause)
        return pause


class _Images:
    """Images need not be fetched: the code is here."""

    def get(self, name: str) -> str:
        return name

    def pull(self, _name: str, **_: Any) -> "_Pulled":
        return _Pulled()

    def get_registry_data(self, name: str, **_: Any) -> "_Manifest":
        return _Manifest(f"sha256:{sha256(name.encode()).hexdigest()}")


class _Pulled:
    def tag(self, *_: Any, **__: Any) -> bool:
        return True


class _Manifest:
    def __init__(self, digest: str) -> None:
        self.id = digest
