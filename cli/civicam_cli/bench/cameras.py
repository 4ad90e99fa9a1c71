"""Part `cameras`: how many live cameras this machine keeps up with, beside the naive way, and with what recall."""

from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from civicam_cli.bench.chart import Bar, Chart
from civicam_cli.bench.clips import Kind
from civicam_cli.bench.lanes import cores, measure_lanes
from civicam_cli.bench.part import Bench, Goal, Part, Share, table
from civicam_cli.bench.recall import IOU, SMALLEST, Found, recall
from civicam_cli.bench.ways import CityWay, NaiveWay

HEIGHTS, RATES = (1080, 720), (1.0, 5.0)
KINDS: dict[Kind, str] = {"moving": "every frame moving", "some": "30 % moving"}
ROUNDS = 2
RECALL_FPS = 5.0
"""More frames than at 1 a second, for a figure that a single box does not move."""

WAYS = """\
Ours is the functions' own code, from the sandbox to the facts; the naive way is that each of three analytics decodes
every frame and detects by itself, with onnxruntime as it comes."""
REFERENCE = f"""\
Of the boxes of {SMALLEST:g} pixels and more that the same models find in f32 in every sampled frame, whole and uncoded,
these shares are found (IoU {IOU}, the same label; {RECALL_FPS:g} frames a second):"""


def measure(bench: Bench) -> Share:
    """Every height, rate and kind with every core at work; the naive way in between, so that both meet one machine."""
    rows: list[Any] = []
    for height, fps in product(HEIGHTS, RATES):
        naive = _cameras(bench, NaiveWay(fps), "moving", height, rounds=1)
        for kind in KINDS:
            ours = _cameras(bench, CityWay(fps), kind, height, rounds=ROUNDS)
            row = {"height": height, "fps": fps, "kind": kind, "cameras": ours, "naive": naive}
            rows.append(row | {"times": round(ours / naive, 2)})
    told: dict[str, JsonValue] = {"cores": cores(), "rows": rows, "recall": _recalls(bench)}
    return _headline(rows) | {"cameras": told}


def _cameras(bench: Bench, way: CityWay | NaiveWay, kind: Kind, height: int, rounds: int) -> float:
    clips = _clips(bench, kind, height)
    rate = measure_lanes(way, clips, rounds)
    said = f"{type(way).__name__} {way.fps:g} fps {height}p {KINDS[kind]}"
    bench.say(f"{said}: {rate.cameras:.1f} cameras ({rate.cpu_s:.3f} CPU s a clip)")
    return round(rate.cameras, 1)


def _clips(bench: Bench, kind: Kind, height: int) -> list[Path]:
    return [bench.clips.path(scene, kind, height) for scene in bench.clips.scenes()]


def _recalls(bench: Bench) -> dict[str, JsonValue]:
    way = CityWay(RECALL_FPS)
    return {kind: _described(recall(way, _clips(bench, kind, 1080)).items()) for kind in KINDS}


def _described(found: Iterable[tuple[Any, Found]]) -> JsonValue:
    parts = dict(found)
    every = sum(parts.values(), Found())
    named = {**{str(task): one for task, one in parts.items()}, "all": every}
    return {name: {"asked": one.asked, "share": round(one.share, 4)} for name, one in named.items()}


def _headline(rows: list[Any]) -> Share:
    moving, some = (_row(rows, 1080, 1.0, kind) for kind in KINDS)
    return {
        "live_cameras_1fps_1080p": moving["cameras"],
        "live_cameras_1fps_1080p_30pct": some["cameras"],
        "naive_cameras_1fps_1080p": moving["naive"],
    }


def _row(rows: Iterable[Any], height: int, fps: float, kind: str) -> dict[str, Any]:
    return next(row for row in rows if (row["height"], row["fps"], row["kind"]) == (height, fps, kind))


def section(share: Share) -> Iterable[str]:
    """What was measured, a row for each setting, and the recall."""
    told: Any = share["cameras"]
    yield f"Cameras whose 10 s clips {told['cores']} cores keep up with, one process a core, by CPU seconds. {WAYS}\n"
    yield from table(
        ("picture", "frames a second", "scene", "cameras", "naive", "times"),
        (
            (f"{row['height']}p25", f"{row['fps']:g}", KINDS[row["kind"]], row["cameras"], row["naive"], row["times"])
            for row in told["rows"]
        ),
    )
    yield f"\n{REFERENCE}\n"
    yield from table(
        ("scene", "objects", "faces", "all", "boxes"),
        (
            (KINDS[kind], *(found[name]["share"] for name in ("objects", "faces", "all")), found["all"]["asked"])
            for kind, found in told["recall"].items()
        ),
    )


def chart(share: Share) -> Chart:
    """1 fps at 1080p: both kinds of scene above the naive way, with their goals as marks."""
    told: Any = share["cameras"]
    moving, some = (_row(told["rows"], 1080, 1.0, kind) for kind in KINDS)
    bars = (
        Bar(KINDS["some"], some["cameras"], goal=13 * some["naive"]),
        Bar(KINDS["moving"], moving["cameras"], goal=8 * moving["naive"]),
        Bar("naive", moving["naive"], "other"),
    )
    return Chart(f"Live cameras at 1 frame a second, 1080p25, {told['cores']} cores", "cameras", bars)


def _goal(kind: Kind, times: int) -> Goal:
    def came_to(share: Share) -> str:
        told: Any = share["cameras"]
        row, found = _row(told["rows"], 1080, 1.0, kind), told["recall"][kind]["all"]
        return f"{row['cameras']} against {row['naive']}: {row['times']} times, recall {found['share']:.1%}"

    measure = f"live 1 fps 1080p25 cameras, {KINDS[kind]}"
    return Goal(measure=measure, wanted=f"{times} times the naive way, recall 98 %", came_to=came_to)


CAMERAS = Part(
    name="cameras",
    title="Live cameras",
    measure=measure,
    section=section,
    goals=(_goal("moving", 8), _goal("some", 13)),
    chart=chart,
)
