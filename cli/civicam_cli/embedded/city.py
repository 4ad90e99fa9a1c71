"""One embedded city's folder: where its things lie, its address, and the process that is its AWS."""

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import psutil

CITY_VARIABLE = "CIVICAM_CITY"
"""Every process of a city bears its id in this variable: so its own are told from everybody else's."""
FIRST_PORT = 4610


@dataclass(frozen=True)
class City:
    """A folder is a city: two folders are two cities that know nothing of each other."""

    folder: Path

    @property
    def state(self) -> Path:
        """What the emulator writes when it stops: everything but objects."""
        return self.folder / "state"

    @property
    def objects(self) -> Path:
        """The objects of S3, written as they come: what survives anything."""
        return self.folder / "s3"

    @property
    def scratch(self) -> Path:
        """Temporary files of functions and tasks."""
        return self.folder / "tmp"

    @property
    def log(self) -> Path:
        """What the emulator says."""
        return self.folder / "emulator.log"

    @property
    def saved_marker(self) -> Path:
        """Stands while the state on disk is whole: written by the emulator after saving, removed before it starts."""
        return self.folder / "saved"

    @property
    def rights_used(self) -> Path:
        """Lines `role action`: what roles were allowed to do so far, each once."""
        return self.folder / "rights-used"

    @property
    def outputs_file(self) -> Path:
        """The stacks' outputs, as `cdk deploy` wrote them."""
        return self.folder / "outputs.json"

    @property
    def deployed_file(self) -> Path:
        """What is deployed: its fingerprint, and what was left out."""
        return self.folder / "deployed.json"

    def due(self, task: Literal["models", "recovery"]) -> Path:
        """Stands from when the task became necessary until it is done, whatever happens in between."""
        return self.folder / f"due-{task}"

    @property
    def _identity_file(self) -> Path:
        return self.folder / "city.json"

    @property
    def _process_file(self) -> Path:
        return self.folder / "process.json"

    @cached_property
    def _identity(self) -> dict[str, Any]:
        if not self._identity_file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_json(self._identity_file, {"id": secrets.token_hex(8), "port": _free_port(FIRST_PORT)})
        return read_json(self._identity_file)

    @property
    def id(self) -> str:
        """Made with the folder, never changed."""
        return str(self._identity["id"])

    @property
    def port(self) -> int:
        """The port on 127.0.0.1, remembered: addresses that people noted stay good."""
        return int(self._identity["port"])

    @property
    def endpoint_url(self) -> str:
        """The address that boto3, the CDK and functions use."""
        return f"http://127.0.0.1:{self.port}"

    def is_port_free(self) -> bool:
        """Whether nobody listens on our port."""
        return _is_free(self.port)

    def move_if_taken(self) -> None:
        """Choose another port where somebody else listens on ours; addresses in the saved state move along."""
        if self.is_port_free():
            return
        port = _free_port(self.port + 1)
        for file in self.state.glob("*.json"):
            saved = file.read_text()
            if (moved := saved.replace(f"127.0.0.1:{self.port}", f"127.0.0.1:{port}")) != saved:
                write_text(file, moved)
        write_json(self._identity_file, {"id": self.id, "port": port})
        self.__dict__.pop("_identity", None)

    def running(self) -> psutil.Process | None:
        """The emulator's process; None where it does not run, or its number was given anew to another process."""
        if not self._process_file.exists():
            return None
        noted = read_json(self._process_file)
        try:
            process = psutil.Process(noted["pid"])
            same = abs(process.create_time() - noted["created"]) < 0.5 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None

    def since(self) -> datetime | None:
        """When the emulator was started, where it runs."""
        process = self.running()
        return datetime.fromtimestamp(process.create_time(), UTC) if process else None

    def note_process(self, pid: int) -> None:
        """Remember the emulator's process."""
        write_json(self._process_file, {"pid": pid, "created": psutil.Process(pid).create_time()})

    def forget_process(self) -> None:
        """It is gone."""
        self._process_file.unlink(missing_ok=True)

    def crashed(self) -> bool:
        """Whether it ran, runs no more, and did not save its state."""
        return self._process_file.exists() and not self.saved_marker.exists() and not self.running()

    def processes(self) -> list[psutil.Process]:
        """Every process of this city but the caller: emulator, functions, tasks."""
        return [process for process in psutil.process_iter() if process.pid != os.getpid() and self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            return bool(process.environ().get(CITY_VARIABLE) == self.id)
        except (psutil.Error, OSError):
            return False


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file: a second command on this machine waits until the first is done, however that one ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file."""
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def write_json(path: Path, document: object) -> None:
    """Write whole or not at all."""
    write_text(path, json.dumps(document, indent=1) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def _free_port(first: int) -> int:
    return next(port for port in range(first, first + 500) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
