"""What a still scene costs: the whole sampling step of clips in which nothing moves, against decoding every sample."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from civicam.contracts.vision import Sampled
from civicam.runtime.sandbox import sample_footage
from civicam_cli.bench.clips import KINDS, SECONDS
from civicam_cli.bench.clock import cpu_seconds
from civicam_cli.bench.part import Bench, Goal, Part, Share, table

HEIGHT, FPS = 1080, 1.0
START = datetime(2026, 11, 24, 10, 45, tzinfo=UTC)
RUNS = 40
"""Of each clip: the clock tells hundredths of a second, which over so many runs is a quarter of a millisecond."""
HEADLINE = "noisy"
"""A sensor's noise is in every real picture; one without it is a picture that froze."""


def measure(bench: Bench) -> Share:
    """CPU seconds of the sampling step by scene and by how much of it moves; the headline is the mean of the scenes."""
    found: dict[str, dict[str, JsonValue]] = {}
    for scene in bench.clips.scenes():
        bench.say(f"still: {scene}")
        found[scene] = {kind: _sampling(bench.clips.path(scene, kind, HEIGHT)) for kind in KINDS}
    costs = [_cost(kinds[HEADLINE]) for kinds in found.values()]
    scenes: dict[str, JsonValue] = dict(found)
    return {"still_cpu_s_per_10s": round(sum(costs) / len(costs), 4) if costs else None, "still": scenes}


def section(share: Share) -> Iterable[str]:
    """CPU seconds a clip by scene and kind, and how many of its ten samples a detector is given."""
    scenes: Any = share["still"]
    yield f"CPU seconds of the sampling step for {SECONDS} s of {HEIGHT}p25, a key frame a second, at {FPS:g} fps:"
    yield "the child, opening, reading, decoding, the gate, the pack. In brackets the frames that detectors get."
    yield ""
    rows = (
        [scene, *(f"{told['cpu_s']:.3f} ({told['frames']})" for told in kinds.values())]
        for scene, kinds in scenes.items()
    )
    yield from table(["scene", *KINDS], rows)


def _sampling(path: Path) -> JsonValue:
    sampled = _sample(path)
    before = cpu_seconds()
    for _ in range(RUNS):
        _sample(path)
    return {"cpu_s": round((cpu_seconds() - before) / RUNS, 4), "frames": sampled.frames}


def _sample(path: Path) -> Sampled:
    return sample_footage(path, "video/mp4", START, fps=FPS).manifest.sampled


def _cost(told: Any) -> float:
    return float(told["cpu_s"])


STILL = Part(
    name="still",
    title="A still scene",
    measure=measure,
    section=section,
    goals=(
        Goal(
            measure="CPU seconds for ten seconds of a still 1080p scene",
            wanted="at most 0.05",
            came_to=lambda share: str(share["still_cpu_s_per_10s"]),
        ),
    ),
)
