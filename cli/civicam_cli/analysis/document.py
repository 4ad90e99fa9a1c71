"""One input from bytes to document: sampled, detected, judged, by the functions' own code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from civicam.contracts.base import now
from civicam.contracts.cameras import Camera, ClipStored
from civicam.contracts.facts import CloudEvent
from civicam.contracts.footage import ClockQuality, Footage
from civicam.contracts.vision import ClipBoxes, ClipDetected, FrameBoxes, Sampled
from civicam.runtime.looking import ClipDetector
from civicam.runtime.sandbox import sample_footage
from civicam.vision.admission import Limits
from civicam.vision.catalogue import Task
from civicam.vision.judging import EMPTY, Judged, judge
from civicam.vision.orders import detected, passes_wanted
from civicam.vision.pack import Pack
from civicam_cli.analysis.camera import FileCamera
from civicam_cli.analysis.choice import Choice, Models
from civicam_cli.analysis.hindsight import Hindsight
from civicam_cli.analysis.inputs import Input, open_input

Described = dict[str, object]


@dataclass(frozen=True)
class Wish:
    """What the command line asks for."""

    camera: FileCamera
    analytics: tuple[str, ...]
    fps: float
    every_frame: bool


@dataclass(frozen=True)
class Analysis:
    """One input, analysed: what was looked at, by what, and what it came to."""

    given: Input
    camera: Camera
    clip: ClipDetected
    pack: Pack
    chosen: Mapping[str, Choice]
    boxes: Mapping[str, ClipBoxes]
    judged: Judged

    def described(self, camera: FileCamera) -> Described:
        """The document, facts with the names that the camera's file uses."""
        sampled = self.clip.sampled
        facts = [CloudEvent.of(fact).model_dump(mode="json") for fact in self.judged.facts]
        return {
            "input": str(self.given.path),
            "width": sampled.width,
            "height": sampled.height,
            "model": {name: choice.described() for name, choice in self.chosen.items()},
            "sampled": sampled.model_dump(mode="json"),
            "frames": _frames(self.boxes, self.judged, self.pack),
            "facts": camera.with_own_names(facts),
        }


def analyse_file(path: Path, wish: Wish, models: Models) -> Described:
    """The document of one input; raises as `look_at`."""
    return look_at(path, wish, models).described(wish.camera)


def look_at(path: Path, wish: Wish, models: Models) -> Analysis:
    """One input, analysed; raises Rejected for one that cannot be used, Unavailable, Inconsistent."""
    given = open_input(path, wish.camera.capture_start)
    pack = sample(given, wish, fps=wish.fps, every_frame=wish.every_frame)
    sampled = pack.manifest.sampled
    camera = wish.camera.entry(wish.analytics, (sampled.width, sampled.height))
    clip = _clip(given, camera, sampled, wish)
    chosen = {name: models.choose(Task(name), pack) for name in passes_wanted(camera.profile)}
    detector = ClipDetector({name: choice.detector for name, choice in chosen.items()})
    boxes = detector.detect(clip.footage.clip_id, pack, chosen)
    judged = judge(camera.profile, clip, boxes, EMPTY, judged_at=now())
    return Analysis(given, camera, clip, pack, chosen, boxes, judged)


def sample(given: Input, wish: Wish, *, fps: float, every_frame: bool = False) -> Pack:
    """The input's frames, decoded in the sandbox as strangers' footage is."""
    return sample_footage(
        given.footage,
        given.media_type,
        wish.camera.capture_start,
        fps=fps,
        limits=Limits.for_workstation(),
        every_frame=every_frame,
    )


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


def _frames(boxes: Mapping[str, ClipBoxes], judged: Judged, pack: Pack) -> list[Described]:
    """Every frame that was looked at, with what is in it by all that the clip shows."""
    frames: dict[int, Described] = {}

    def described(frame: FrameBoxes) -> Described:
        empty: Described = {"index": frame.index, "time_s": frame.time_s, "objects": [], "faces": []}
        return frames.setdefault(frame.index, empty)

    for name, seen in boxes.items():
        if name == Task.FACES:
            for frame in seen.seen():
                faces = [{"score": box.score, "xyxy": list(box.xyxy)} for box in frame.boxes if seen.counts(box)]
                described(frame)["faces"] = faces
            continue
        for frame, things in Hindsight(seen, judged, pack).frames():
            described(frame)["objects"] = [
                {"label": one.label, "score": one.box.score, "xyxy": list(one.box.xyxy), "track_id": one.track_id}
                for one in things
            ]
    return [frames[index] for index in sorted(frames)]
