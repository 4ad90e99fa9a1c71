"""One input from bytes to document: sampled, detected, judged, by the functions' own code."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from civicam.contracts.base import now
from civicam.contracts.cameras import Camera, ClipStored
from civicam.contracts.facts import CloudEvent
from civicam.contracts.footage import ClockQuality, Footage
from civicam.contracts.vision import ClipBoxes, ClipDetected, Sampled
from civicam.runtime.sandbox import sample_footage
from civicam.vision.admission import Limits
from civicam.vision.analytics import ANALYTICS
from civicam.vision.catalogue import Task
from civicam.vision.judging import EMPTY, Judged, judge
from civicam.vision.orders import detected
from civicam.vision.pack import Pack
from civicam_cli.analysis.camera import FileCamera
from civicam_cli.analysis.choice import Choice, Models
from civicam_cli.analysis.inputs import Input, open_input

Described = dict[str, object]


@dataclass(frozen=True)
class Wish:
    """What the command line asks for."""

    camera: FileCamera
    analytics: tuple[str, ...]
    fps: float
    every_frame: bool

    @property
    def passes(self) -> tuple[Task, ...]:
        """The passes that its analytics read."""
        return tuple(task for task in Task if any(a.reads == task for a in ANALYTICS if a.name in self.analytics))


def analyse_file(path: Path, wish: Wish, models: Models) -> Described:
    """The document of one input; raises Rejected for one that cannot be used, Unavailable, Inconsistent."""
    given = open_input(path, wish.camera.capture_start)
    pack = sample_footage(
        given.footage,
        given.media_type,
        wish.camera.capture_start,
        fps=wish.fps,
        limits=Limits.for_workstation(),
        every_frame=wish.every_frame,
    )
    sampled = pack.manifest.sampled
    camera = wish.camera.entry(wish.analytics, (sampled.width, sampled.height))
    clip = _clip(given, camera, sampled, wish)
    chosen = {task: models.choose(task, pack) for task in wish.passes}
    boxes = _look(chosen, clip.footage.clip_id, pack)
    judged = judge(camera.profile, clip, boxes, EMPTY, judged_at=now())
    facts = [CloudEvent.of(fact).model_dump(mode="json") for fact in judged.facts]
    return {
        "input": str(path),
        "width": sampled.width,
        "height": sampled.height,
        "model": {str(task): choice.described() for task, choice in chosen.items()},
        "sampled": sampled.model_dump(mode="json"),
        "frames": _frames(boxes, judged),
        "facts": wish.camera.with_own_names(facts),
    }


def _clip(given: Input, camera: Camera, sampled: Sampled, wish: Wish) -> ClipDetected:
    start = wish.camera.capture_start
    footage = Footage.place(
        camera_id=camera.camera_id,
        capture_start=start,
        capture_end=start + timedelta(seconds=max(0.001, sampled.duration_s)),
        clock_quality=ClockQuality.RECEIVED,
        sha256=given.sha256,
        size_bytes=given.size_bytes,
        media_type=given.media_type,
        bucket="file",
    )
    stored = ClipStored(fact_id=footage.clip_id, camera_id=camera.camera_id, footage=footage, stored_at=now())
    return detected(stored, camera, sampled, {})


def _look(chosen: Mapping[Task, Choice], clip_id: str, pack: Pack) -> dict[str, ClipBoxes]:
    """Every pass at once, as the state machine runs them: onnxruntime gives the interpreter free while it works."""
    with ThreadPoolExecutor() as pool:
        looks = {str(task): pool.submit(choice.detector.detect, clip_id, pack) for task, choice in chosen.items()}
        return {name: look.result() for name, look in looks.items()}


def _frames(boxes: Mapping[str, ClipBoxes], judged: Judged) -> list[Described]:
    """Every frame that was looked at, with what counts in it; an established track names its box."""
    tracks = {
        (frame.index, sighting.box): (sighting.track_id, sighting.label)
        for frame in judged.tracked
        for sighting in frame.sightings
        if sighting.track_id in judged.established
    }
    frames: dict[int, Described] = {}
    for name, seen in boxes.items():
        for frame in seen.seen():
            described = frames.setdefault(
                frame.index, {"index": frame.index, "time_s": frame.time_s, "objects": [], "faces": []}
            )
            counted = [box for box in frame.boxes if seen.counts(box)]
            if name == Task.FACES:
                described["faces"] = [{"score": box.score, "xyxy": list(box.xyxy)} for box in counted]
                continue
            described["objects"] = [
                {"label": label, "score": box.score, "xyxy": list(box.xyxy), "track_id": track_id}
                for box in counted
                for track_id, label in [tracks.get((frame.index, box), (None, box.label))]
            ]
    return [frames[index] for index in sorted(frames)]
