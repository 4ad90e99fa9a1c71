"""Footage -> pack, in a child process with limits: a hostile file can end the child, nothing else.

A helper process has the libraries loaded and forks a child per request (`sandbox_helper`). This side hands it the open
file, and turns whatever became of the child into a pack or an error.
"""

import atexit
import json
import os
import signal
import stat
import tempfile
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from civicam.contracts.errors import Inconsistent, Rejected, Unavailable
from civicam.runtime.helper_process import HelperProcess
from civicam.runtime.sandbox_protocol import MESSAGE_BYTES, Ended, SampleRequest, Verdict
from civicam.vision.admission import DEFAULT_LIMITS, Limits, Reason, admit_size
from civicam.vision.pack import Pack

KILLED_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM}

_HELPER = HelperProcess()
atexit.register(_HELPER.close)


def sample_footage(
    footage: Path | bytes,
    media_type: str,
    capture_start: datetime,
    *,
    fps: float,
    limits: Limits = DEFAULT_LIMITS,
    every_frame: bool = False,
) -> Pack:
    """`sample`, its request spelled out: a clip (`video/*`) or a picture series (`application/zip`)."""
    request = SampleRequest(
        media_type=media_type, capture_start=capture_start, fps=fps, every_frame=every_frame, limits=limits
    )
    return sample(footage, request)


def sample(footage: Path | bytes, request: SampleRequest) -> Pack:
    """The frames of a clip or of a picture series that are worth a detector's look.

    Raises Rejected, its reason one of `civicam.vision.admission.Reason`, for footage that cannot be used; Unavailable
    when the machine had no time or memory to look at it; Inconsistent for a fault of ours.
    """
    with _opened(footage) as file, tempfile.TemporaryFile() as result:
        admit_size(os.fstat(file.fileno()).st_size, request.limits)
        return _pack(_HELPER.run(request, file, result), result, request.limits)


def _opened(footage: Path | bytes) -> BinaryIO:
    if isinstance(footage, Path):
        if not stat.S_ISREG(footage.stat().st_mode):
            raise Rejected(Reason.NOT_A_VIDEO, f"{footage} is no regular file: name a video file")
        return footage.open("rb")
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(footage)
    file.flush()
    return file


def _pack(verdict: Verdict, result: BinaryIO, limits: Limits) -> Pack:
    """The pack, or the error that the child's end means."""
    if verdict.status == Ended.PACKED:
        result.seek(0)
        return Pack.from_bytes(result.read(limits.max_pack_bytes))
    if verdict.status == Ended.REJECTED:
        raise _told(result)
    if verdict.status == Ended.FAULTY:
        raise Inconsistent(f"the sandbox failed: {_text(result)[-2000:]}")
    raise _ended(verdict, limits)


def _ended(verdict: Verdict, limits: Limits) -> Rejected | Unavailable:
    """What it means that a child did not come to its own end."""
    if verdict.status == Ended.PACK_TOO_LARGE:
        return Rejected(
            Reason.TOO_LONG, f"its frames fill more than {limits.max_pack_bytes} bytes: cut it into shorter clips"
        )
    if verdict.status in (Ended.OUT_OF_MEMORY, -signal.SIGXCPU):
        bound = f"{limits.memory_bytes} bytes of memory and {limits.cpu_seconds} s of CPU"
        return Rejected(
            Reason.DECOMPRESSION_BOMB, f"decoding takes more than {bound}: record smaller pictures, or shorter clips"
        )
    if verdict.ran_out_of_time:
        return Unavailable(f"the decoder got too little time: {limits.wall_seconds} s have passed")
    if -verdict.status in KILLED_FROM_OUTSIDE:
        return Unavailable("the decoder was killed from outside, for want of memory perhaps")
    return Rejected(Reason.CORRUPT, f"the decoder crashed on it (status {verdict.status}): record or send it again")


def _told(result: BinaryIO) -> Rejected | Inconsistent:
    try:
        told = json.loads(_text(result))
        return Rejected(Reason(told["reason"]), str(told["message"])[:500])
    except (ValueError, KeyError, TypeError):
        return Inconsistent("the sandbox gave a reason that nobody knows")


def _text(result: BinaryIO) -> str:
    result.seek(0)
    return result.read(MESSAGE_BYTES).decode("utf-8", "replace")
