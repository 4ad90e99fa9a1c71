"""Part `quality`: every model and panel against what a person counted, and what `analyse` chooses by itself."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from civicam.contracts.base import now
from civicam.contracts.vision import Box
from civicam.runtime.detector import open_picture
from civicam.runtime.sandbox import sample_footage
from civicam.vision.admission import Limits
from civicam.vision.catalogue import Task, load_catalogue
from civicam.vision.pack import Pack
from civicam_cli.analysis.camera import DrawnLine, FileCamera
from civicam_cli.analysis.choice import Looks, Models
from civicam_cli.analysis.document import Wish, analyse_file
from civicam_cli.analysis.inputs import open_input
from civicam_cli.bench.part import Bench, Goal, Part, Share, table
from civicam_cli.bench.truth import FOUR_WHEELERS, TWO_WHEELERS, CountedClip, Truth, beyond, count_in

FPS = 5.0
FACES_CLIP, NO_FACES_CLIP = "face-walking-2.mp4", "one-by-one-person-detection.mp4"
CARS_CLIP = "car-detection.mp4"


@dataclass
class _Footage:
    """Files as packs of all their frames, each decoded once."""

    _packs: dict[Path, Pack] = field(default_factory=dict)

    def boxes(self, path: Path, detector: Looks, indices: Iterable[int] | None = None) -> dict[int, list[Box]]:
        """What counts for a detector in these frames, in all of them if none is named."""
        pack, counting = self._pack(path), detector.looker.counting
        size = (pack.manifest.sampled.width, pack.manifest.sampled.height)
        wanted = None if indices is None else {*indices}
        return {
            frame.index: [
                box
                for box in detector.find(open_picture(frame.jpeg), size)
                if box.score >= counting.get(box.label, 0.0)
            ]
            for frame in pack.frames
            if wanted is None or frame.index in wanted
        }

    def _pack(self, path: Path) -> Pack:
        if path not in self._packs:
            start = now()
            given = open_input(path, start)
            self._packs[path] = sample_footage(
                given.footage, given.media_type, start, fps=FPS, limits=Limits.for_workstation(), every_frame=True
            )
        return self._packs[path]


def measure(bench: Bench) -> Share:
    """Errors by model, and the best model's on the snapshots as the headline."""
    truth, models, footage = Truth.here(), Models(load_catalogue()), _Footage()
    objects: Any = {}
    for detector in models.able(Task.OBJECTS):
        bench.say(detector.looker.name)
        objects[detector.looker.name] = _objects(detector, truth, footage)
    faces: Any = {one.looker.name: _faces(one, truth, footage) for one in models.able(Task.FACES)}
    best = next(iter(objects.values()))
    bench.say("as `civicam analyse` chooses")
    return {
        "snapshots": {"four_wheel_error": best["four_error"], "two_wheel_error": best["two_error"]},
        "quality": {"objects": objects, "faces": faces, "analysed": _analysed(truth)},
    }


def _objects(detector: Looks, truth: Truth, footage: _Footage) -> dict[str, Any]:
    errors: Counter[str] = Counter(four_error=0, two_error=0, four_strict=0, two_strict=0)
    for picture in truth.snapshots():
        (boxes,) = footage.boxes(picture.path, detector).values()
        four = count_in(boxes, FOUR_WHEELERS, picture.area)
        two = count_in(boxes, TWO_WHEELERS, picture.area)
        errors += Counter(
            four_error=beyond(four, picture.four_ok),
            two_error=beyond(two, picture.two_ok),
            four_strict=abs(four - picture.four),
            two_strict=abs(two - picture.two),
        )
    wrong = {name: _wrong_frames(detector, clip, footage) for name, clip in truth.clips().items()}
    return {
        **{name: errors[name] for name in ("four_error", "two_error", "four_strict", "two_strict")},
        "wrong_frames": wrong,
        "precision": detector.looker.precision,
    }


def _wrong_frames(detector: Looks, clip: CountedClip, footage: _Footage) -> list[int]:
    """Frames counted wrong, and frames counted."""
    found = footage.boxes(clip.path, detector, clip.frames)
    wrong = sum(
        beyond(sum(box.label in clip.labels for box in found[index]), right) > 0 for index, right in clip.frames.items()
    )
    return [wrong, len(clip.frames)]


def _faces(detector: Looks, truth: Truth, footage: _Footage) -> dict[str, Any]:
    two = truth.of(FACES_CLIP)["faces_every_frame"]
    seen = footage.boxes(truth.path(FACES_CLIP), detector)
    none = footage.boxes(truth.path(NO_FACES_CLIP), detector, range(0, 1394, 20))
    return {
        "wrong_frames": [sum(len(boxes) != two for boxes in seen.values()), len(seen)],
        "false_faces": [sum(map(len, none.values())), len(none)],
    }


def _analysed(truth: Truth) -> dict[str, Any]:
    """Crossings, distinct vehicles, visits and the model chosen, without `--model`."""
    cars = truth.of(CARS_CLIP)
    line = DrawnLine(line_id="middle", points=tuple(map(tuple, cars["line"])))
    above = _analyse(truth.path(CARS_CLIP), "vehicle", FileCamera(lines=(line,)))
    (counted,) = [fact["data"] for fact in above["facts"] if fact["type"] == "vision.vehicles.counted.v1"]
    crossed = {crossing["direction"]: crossing["count"] for crossing in counted["crossings"]}
    table_clip = _analyse(truth.path(NO_FACES_CLIP), "crowd", FileCamera())
    return {
        CARS_CLIP: {
            "model": _model(above),
            "up": [crossed.get("backward", 0), cars["crossings"]["up"]],
            "down": [crossed.get("forward", 0), cars["crossings"]["down"]],
            "distinct cars": [sum(one["count"] for one in counted["appeared"]), cars["distinct_cars"]],
        },
        NO_FACES_CLIP: {
            "model": _model(table_clip),
            "visits": [len(_tracks(table_clip, "person")), truth.of(NO_FACES_CLIP)["visits"]],
        },
    }


def _analyse(path: Path, analytic: str, camera: FileCamera) -> Mapping[str, Any]:
    return analyse_file(path, Wish(camera, (analytic,), FPS, every_frame=False), Models(load_catalogue()))


def _model(document: Mapping[str, Any]) -> str:
    return str(document["model"]["objects"]["name"])


def _tracks(document: Mapping[str, Any], label: str) -> set[str]:
    things = (thing for frame in document["frames"] for thing in frame["objects"])
    return {thing["track_id"] for thing in things if thing["track_id"] and thing["label"] == label}


def section(share: Share) -> Iterator[str]:
    """Tables by model, by faces, and of what was chosen."""
    quality: Any = share["quality"]
    yield (
        "Errors are sums over the pictures of how far a count lies outside what a person found right (in brackets: off "
        "the one number written down). A box counts where its centre lies in the area that was counted. Clips: frames "
        "counted wrong, of those counted by eye.\n"
    )
    clips = [*next(iter(quality["objects"].values()))["wrong_frames"]]
    yield from table(
        ("model", "precision", "four-wheelers, of 7", "two-wheelers, of 32", *clips),
        (
            (
                name,
                one["precision"],
                f"{one['four_error']} ({one['four_strict']})",
                f"{one['two_error']} ({one['two_strict']})",
                *(_of(one["wrong_frames"][clip]) for clip in clips),
            )
            for name, one in quality["objects"].items()
        ),
    )
    yield ""
    yield from table(
        ("faces", "frames without just two faces", "false faces, in frames without any"),
        ((name, _of(one["wrong_frames"]), _of(one["false_faces"])) for name, one in quality["faces"].items()),
    )
    yield "\nAs `civicam analyse` does without `--model`, five frames a second: found, of what a person counted.\n"
    rows = [
        (clip, told["model"], measure_, f"{found[0]} of {found[1]}")
        for clip, told in quality["analysed"].items()
        for measure_, found in told.items()
        if measure_ != "model"
    ]
    yield from table(("clip", "model chosen", "measure", "found"), rows)


def _of(pair: list[int]) -> str:
    return f"{pair[0]} of {pair[1]}"


def _headline(share: Share) -> str:
    snapshots: Any = share["snapshots"]
    return f"{snapshots['four_wheel_error']} and {snapshots['two_wheel_error']}"


def _cars(share: Share) -> str:
    quality: Any = share["quality"]
    told = quality["analysed"][CARS_CLIP]
    return ", ".join(f"{name} {told[name][0]}" for name in ("up", "down", "distinct cars"))


QUALITY = Part(
    name="quality",
    title="Counted right",
    measure=measure,
    section=section,
    goals=(
        Goal(
            measure="six city snapshots, the best model: wrong four-wheelers and two-wheelers",
            wanted="1 of 7 and 3 of 32",
            came_to=_headline,
        ),
        Goal(measure="car-detection.mp4", wanted="up 2, down 2, distinct cars 4", came_to=_cars),
    ),
)
