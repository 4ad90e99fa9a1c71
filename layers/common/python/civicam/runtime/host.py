"""The machine that this runs on: which arithmetic its processor has."""

from functools import cache
from pathlib import Path


@cache
def cpu_flags() -> frozenset[str]:
    """What the kernel says that the processor can do; nothing where it does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    flags = next((line.partition(":")[2] for line in lines if line.startswith("flags")), "")
    return frozenset(flags.split())
