"""Part `steps`: where the CPU seconds of one ten second clip go, against three separate decodes and detections."""

import cProfile
import io
import pstats
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean
from types import CodeType
from typing import Any

from civicam.runtime.canvas import Canvas
from civicam.runtime.container import Film, open_film
from civicam.runtime.decoding import Clip, DecodedFrame
from civicam.runtime.detector import Detector, open_picture
from civicam.runtime.packing import write_pack
from civicam.runtime.sandbox_protocol import SampleRequest
from civicam.vision.judging import judge
from civicam.vision.pack import Pack, PackWriter
from civicam.vision.sampling import MotionGate
from civicam.vision.sight import Sight
from civicam_cli.bench.chart import Bar, Chart
from civicam_cli.bench.lanes import measure_lanes
from civicam_cli.bench.part import Bench, Goal, Part, Share, table
from civicam_cli.bench.ways import MEDIA_TYPE, START, CityWay, NaiveWay

FPS, HEIGHT = 1.0, 1080
STEPS: dict[str, tuple[Callable[..., Any], ...]] = {
    "open, demux": (open_film, Film.coded),
    "decode": (Clip.picture,),
    "gate": (MotionGate.keeps, MotionGate.agrees),
    "conditions of the view": (Sight.shows, Sight.compare, Sight.told, Sight.turned, Sight.outline),
    "scale, pack": (DecodedFrame.jpeg, PackWriter.add),
    "unpack": (Pack.from_bytes, open_picture),
    "prepare": (Canvas.lay,),
    "objects": (Detector.find,),
    "faces": (Detector.find_in,),
    "judge": (judge,),
}
"""What each step is in the code, with all that is called from there (`prepare` apart from `objects` and `faces`)."""


def measure(bench: Bench) -> Share:
    """Every scene with every frame moving; steps by a profile in one process, totals with every core at work."""
    clips = [bench.clips.path(scene, "moving", HEIGHT) for scene in bench.clips.scenes()]
    naive, city = measure_lanes(NaiveWay(FPS), clips, 1), measure_lanes(CityWay(FPS), clips, 2)
    bench.say(f"naive {naive.cpu_s:.2f}, ours {city.cpu_s:.3f} CPU s a clip")
    exact = measure_lanes(CityWay(FPS, "f32"), clips, 2)
    steps = _steps(CityWay(FPS), clips)
    return {
        "clip_cpu_ratio": round(naive.cpu_s / city.cpu_s, 2),
        "steps": {
            "cpu_s": {"city": round(city.cpu_s, 4), "city_f32": round(exact.cpu_s, 4), "naive": round(naive.cpu_s, 3)},
            "by_step": {name: round(seconds, 4) for name, seconds in steps.items()},
        },
    }


def _steps(way: CityWay, clips: Iterable[Path]) -> dict[str, float]:
    """CPU seconds by step, the mean over the clips, in one process and without the sandbox around the decoder."""
    found = [steps_of(way, clip) for clip in clips]
    return {name: fmean(one[name] for one in found) for name in found[0]}


def steps_of(way: CityWay, clip: Path) -> dict[str, float]:
    """CPU seconds by step for one clip, models loaded before."""
    way.judge(_packed(clip))  # models loaded
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    way.judge(_packed(clip))
    profile.disable()
    stats: Any = pstats.Stats(profile)
    seconds = {
        name: sum(stats.stats.get(_key(code), (0, 0, 0, 0.0))[3] for code in map(_code, functions))
        for name, functions in STEPS.items()
    }
    within = _called_from(stats, Canvas.lay)
    seconds["objects"] -= within.get(_key(_code(Detector.find)), 0.0)
    seconds["faces"] -= within.get(_key(_code(Detector.find_in)), 0.0)
    return seconds | {"the rest": max(0.0, stats.total_tt - sum(seconds.values()))}


def _packed(clip: Path) -> Pack:
    written = io.BytesIO()
    with clip.open("rb") as file:
        write_pack(file, SampleRequest(media_type=MEDIA_TYPE, capture_start=START, fps=FPS), written)
    return Pack.from_bytes(written.getvalue())


def _code(function: Callable[..., Any]) -> CodeType:
    code: CodeType = getattr(function, "__func__", function).__code__
    return code


def _key(code: CodeType) -> tuple[str, int, str]:
    """As a profile names a function."""
    return code.co_filename, code.co_firstlineno, code.co_name


def _called_from(stats: Any, function: Callable[..., Any]) -> dict[tuple[str, int, str], float]:
    """Seconds in a function by who called it."""
    callers = stats.stats.get(_key(_code(function)), (0, 0, 0, 0.0, {}))[4]
    return {caller: seconds for caller, (_, _, _, seconds) in callers.items()}


def section(share: Share) -> Iterable[str]:
    """The steps, then the sums."""
    told: Any = share["steps"]
    yield "CPU seconds for a 10 s clip, 1080p25, a key frame a second, looked at once a second, every frame moving.\n"
    yield from table(("step", "CPU s"), ((name, f"{seconds:.3f}") for name, seconds in told["by_step"].items()))
    cpu = told["cpu_s"]
    yield f"""
With every core at work and the sandbox around the decoder {cpu["city"]:.3f} s; in f32 on onnxruntime, as on Lambda,
{cpu["city_f32"]:.3f} s. Three separate decodes and detections: {cpu["naive"]:.2f} s, {share["clip_cpu_ratio"]} times
that."""


def chart(share: Share) -> Chart:
    """A bar a step."""
    told: Any = share["steps"]
    bars = tuple(Bar(name, round(1000 * seconds, 1)) for name, seconds in told["by_step"].items())
    return Chart("CPU time of a 10 s clip by step", "ms", bars)


STEPS_PART = Part(
    name="steps",
    title="CPU seconds of a clip, by step",
    measure=measure,
    section=section,
    goals=(
        Goal(
            measure="CPU seconds per 10 s 1080p clip against three separate decodes and detections",
            wanted="at most 1/8",
            came_to=lambda share: f"1/{share['clip_cpu_ratio']}",
        ),
    ),
    chart=chart,
)
