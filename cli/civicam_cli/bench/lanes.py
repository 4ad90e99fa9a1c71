"""How much CPU a way of looking takes for a clip, with every core at work: one process a core, each with own models."""

import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from civicam_cli.bench.clips import SECONDS
from civicam_cli.bench.clock import cpu_seconds
from civicam_cli.bench.ways import Way


@dataclass(frozen=True)
class Rate:
    """What a clip of ten seconds takes."""

    cpu_s: float
    wall_s: float

    @property
    def cameras(self) -> float:
        """Live cameras that this machine's cores keep up with."""
        return cores() * SECONDS / self.cpu_s


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def measure_lanes(way: Way, clips: Sequence[Path], rounds: int) -> Rate:
    """The mean over the clips, each looked at `rounds` times by every core at once.

    What a worker does once in its life is done before.
    """
    with ProcessPoolExecutor(cores(), mp_context=multiprocessing.get_context("spawn")) as pool:
        lanes = [pool.submit(_lane, way, clips, rounds) for _ in range(cores())]
        rates = [lane.result() for lane in lanes]
    return Rate(fmean(rate.cpu_s for rate in rates), fmean(rate.wall_s for rate in rates))


def _lane(way: Way, clips: Sequence[Path], rounds: int) -> Rate:
    way.get_ready(clips)
    cpu, wall = cpu_seconds(), time.perf_counter()
    for clip in [*clips] * rounds:
        way.look(clip)
    looks = len(clips) * rounds
    return Rate((cpu_seconds() - cpu) / looks, (time.perf_counter() - wall) / looks)
