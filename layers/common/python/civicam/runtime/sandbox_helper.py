"""The sandbox's helper: `python -m civicam.runtime.sandbox_helper FD`. Imports the libraries once, forks per request.

On its socket: a SampleRequest with two descriptors (footage, result) in, a Verdict out. It ends with its socket.
"""

import contextlib
import errno
import json
import os
import select
import signal
import socket
import sys
import traceback
from typing import NoReturn

from civicam.contracts.errors import Rejected
from civicam.runtime.confinement import FOOTAGE, RESULT, confine, taken_bytes
from civicam.runtime.packing import write_pack
from civicam.runtime.rehearsal import load_everything
from civicam.runtime.sandbox_protocol import MESSAGE_BYTES, Ended, SampleRequest, Verdict


def serve(control: socket.socket) -> None:
    """Answer requests, one after the other, until the other side is gone."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 2)
        if not message:
            return
        verdict = _run(control, SampleRequest.model_validate_json(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        control.sendall(verdict.model_dump_json().encode())


def _run(control: socket.socket, request: SampleRequest, descriptors: list[int]) -> Verdict:
    gone, alive = os.pipe()
    child = os.fork()
    if child == 0:
        _work(request, descriptors, alive)
    os.close(alive)
    ready, _, _ = select.select([gone, control.fileno()], [], [], request.limits.wall_seconds)
    if gone not in ready:  # out of time, or nobody waits for the answer any more
        os.kill(child, signal.SIGKILL)
    os.close(gone)
    _, status = os.waitpid(child, 0)
    return Verdict(status=os.waitstatus_to_exitcode(status), ran_out_of_time=not ready)


def _work(request: SampleRequest, descriptors: list[int], alive: int) -> NoReturn:
    """The child: footage and result become descriptors 0 and 1; nothing else stays open."""
    status = Ended.FAULTY
    try:
        before = taken_bytes()
        _take_over(descriptors, alive)
        confine(request.limits, before)
        status = _sample(request)
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(status)


def _take_over(descriptors: list[int], alive: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    high = [os.dup(one) for one in (*descriptors, nowhere, alive)]
    for low, descriptor in enumerate(high):
        os.dup2(descriptor, low)


def _sample(request: SampleRequest) -> Ended:
    try:
        with os.fdopen(FOOTAGE, "rb", closefd=False) as footage, os.fdopen(RESULT, "w+b", closefd=False) as result:
            write_pack(footage, request, result)
    except Rejected as error:
        return _tell(Ended.REJECTED, json.dumps({"reason": error.reason, "message": str(error)}))
    except MemoryError:
        return Ended.OUT_OF_MEMORY
    except OSError as error:
        too_large = error.errno == errno.EFBIG  # past RLIMIT_FSIZE
        return Ended.PACK_TOO_LARGE if too_large else _tell(Ended.FAULTY, traceback.format_exc())
    except Exception:
        return _tell(Ended.FAULTY, traceback.format_exc())
    return Ended.PACKED


def _tell(ended: Ended, text: str) -> Ended:
    os.ftruncate(RESULT, 0)
    os.pwrite(RESULT, text.encode(), 0)
    return ended


if __name__ == "__main__":
    load_everything()
    with contextlib.suppress(ConnectionError):  # nobody waits for the answer any more
        serve(socket.socket(fileno=int(sys.argv[1])))
