"""The helper process that forks a child per request: started when first needed, and again whenever it died."""

import os
import socket
import subprocess
import sys
import threading
from typing import BinaryIO

from pydantic import ValidationError

from civicam.contracts.errors import Unavailable
from civicam.runtime.sandbox_protocol import MESSAGE_BYTES, SampleRequest, Verdict

PASSED_ON = ("LD_LIBRARY_PATH",)
"""All that the helper learns of this process's environment: where the interpreter's libraries lie. No credentials."""
GRACE_SECONDS = 10.0
"""How much longer than a child the helper may take to answer, before it is given up."""


class HelperProcess:
    """One helper and the socket to it. One request at a time; threads wait for each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._helper: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0

    @property
    def pid(self) -> int | None:
        """The helper's process, while there is one."""
        return self._helper.pid if self._helper else None

    def start(self) -> None:
        """Have a helper before the first request needs it: it takes a quarter of a second."""
        with self._lock:
            self._started()

    def run(self, request: SampleRequest, footage: BinaryIO, result: BinaryIO) -> Verdict:
        """What became of the child that worked on it; raises Unavailable when no helper lives long enough to say."""
        with self._lock:
            for _ in range(2):
                try:
                    return self._ask(request, footage, result)
                except TimeoutError as error:
                    self._end()
                    raise Unavailable("the sandbox's helper does not answer") from error
                except (OSError, ValidationError):
                    self._end()
        raise Unavailable("the sandbox's helper died twice over one request")

    def close(self) -> None:
        """End the helper; a later request starts another."""
        with self._lock:
            self._end()

    def _ask(self, request: SampleRequest, footage: BinaryIO, result: BinaryIO) -> Verdict:
        control = self._started()
        control.settimeout(request.limits.wall_seconds + GRACE_SECONDS)
        result.truncate(0)
        socket.send_fds(control, [request.model_dump_json().encode()], [footage.fileno(), result.fileno()])
        return Verdict.model_validate_json(control.recv(MESSAGE_BYTES))

    def _started(self) -> socket.socket:
        if self._control is None or self._owner != os.getpid():
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._helper = _spawn(theirs)
            self._owner = os.getpid()
        return self._control

    def _end(self) -> None:
        """Its socket closes, it goes; at the latest when it is killed. Whoever inherited it by forking lets it be."""
        if self._control is not None:
            self._control.close()
        if self._helper is not None and self._owner == os.getpid():
            self._helper.kill()
            self._helper.wait()
        self._control = self._helper = None


def _spawn(theirs: socket.socket) -> "subprocess.Popen[bytes]":
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OPENBLAS_NUM_THREADS": "1",  # a process that forks must have one thread
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-P", "-m", "civicam.runtime.sandbox_helper", str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        start_new_session=True,  # Ctrl-C at a terminal is this process's affair
    )
