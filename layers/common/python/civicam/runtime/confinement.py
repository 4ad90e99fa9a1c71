"""What a child may do that has a stranger's file in its hands: compute for a while, in some memory, and nothing else.

All of it is plain rlimits, which need no privilege, so it holds on Lambda as on a laptop. The network goes the same way
as the file system: a process that may have no further descriptor can open neither socket nor file.
"""

import ctypes
import os
import resource
import signal
import sys

from civicam.vision.admission import Limits

FOOTAGE, RESULT = 0, 1
"""The two descriptors a child works with: where it reads, where it writes."""
_KEPT = 4
"""Beside them stderr (nowhere) and the pipe whose end tells the helper that the child is gone."""
_PR_SET_PDEATHSIG = 1


def confine(limits: Limits, taken_bytes: int) -> None:
    """Give up everything but the descriptors below four, CPU seconds, and memory on top of `taken_bytes`. For good.

    Everything that will be needed must have been imported: not even a module can be opened afterwards.
    """
    _die_with_parent()
    os.closerange(_KEPT, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits.max_pack_bytes)
    _limit(resource.RLIMIT_AS, taken_bytes + limits.memory_bytes)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, 0)


def taken_bytes() -> int:
    """Address space of this process as it stands; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - a file of the kernel's
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _limit(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
