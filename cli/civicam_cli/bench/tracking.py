"""Part `tracking`: how often an id changes at lower rates, by the tracker and by the naive way, on the same boxes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import JsonValue

from civicam.contracts.base import now
from civicam.contracts.vision import Box
from civicam.runtime.detector import open_picture
from civicam.runtime.sandbox import sample_footage
from civicam.vision.admission import Limits
from civicam.vision.association import overlap
from civicam.vision.catalogue import Task, load_catalogue
from civicam.vision.tracking import track
from civicam.vision.tracks import KINDS, TimedFrame, TrackerState, TrackSettings
from civicam_cli.analysis.choice import Models
from civicam_cli.analysis.inputs import open_input
from civicam_cli.bench.part import Bench, Part, Share, table
from civicam_cli.bench.truth import Truth

CLIPS = ("pets_walkers_480x360.avi", "car-detection.mp4", "one-by-one-person-detection.mp4")
RATES = (1, 2, 5, 10, 25)
"""A clip with fewer frames a second has its own rate for the highest."""
OVERLAP_MIN = 0.3
"""The naive way goes by this least overlap (SORT, Bewley and others, 2016), the best pair first."""
Ids = list[dict[Box, str]]
"""By frame, whose each box is."""


def measure(bench: Bench) -> Share:
    """Links and changed ids by clip, rate and way."""
    truth, models = Truth.here(), Models(load_catalogue(), panel_frames_max=0)
    clips: dict[str, JsonValue] = {}
    for name in CLIPS:
        bench.say(f"tracking: {name}")
        frames, fps = _frames(truth, name, models)
        clips[name] = {str(rate): at_rate(frames, rate) for rate in RATES if rate <= fps} | {
            "every frame": at_rate(frames, fps)
        }
    return {"tracking": clips}


def _frames(truth: Truth, name: str, models: Models) -> tuple[list[TimedFrame], float]:
    """What is found in every frame, and how many there are a second."""
    start = now()
    given = open_input(truth.path(name), start)
    pack = sample_footage(
        given.footage, given.media_type, start, fps=25.0, limits=Limits.for_workstation(), every_frame=True
    )
    detector, size = (
        models.choose(Task.OBJECTS, pack).detector,
        (pack.manifest.sampled.width, pack.manifest.sampled.height),
    )
    counting = dict(detector.looker.counting)
    frames = [
        TimedFrame(one.index, 1 + round(1000 * one.time_s), detector.find(open_picture(one.jpeg), size), counting)
        for one in pack.frames
    ]
    return frames, 1000 * (len(frames) - 1) / (frames[-1].at_ms - frames[0].at_ms)


def at_rate(frames: Sequence[TimedFrame], fps: float) -> JsonValue:
    """At that rate: boxes of things seen before, and of how many the id had changed, or there was none."""
    things = _tracked(frames)
    chosen = [*_sampled(frames, fps)]
    some = [frames[place] for place in chosen]
    whose = [things[place] for place in chosen]
    told = {name: kept(whose, ids) for name, ids in (("ours", _tracked(some)), ("naive", greedily(some)))}
    return {"links": _links(whose)} | {name: {"changed": one[0], "none": one[1]} for name, one in told.items()}


def _sampled(frames: Sequence[TimedFrame], fps: float) -> Iterator[int]:
    due = float(frames[0].at_ms)
    for place, frame in enumerate(frames):
        if frame.at_ms >= due - 1:
            due += 1000 / fps
            yield place


def _tracked(frames: Sequence[TimedFrame]) -> Ids:
    """By the tracker; tracks that were never established are none."""
    tracked, _ = track(TrackerState(), frames, TrackSettings())
    proved = {one.track_id for frame in tracked for one in frame.sightings if one.established}
    return [{one.box: one.track_id for one in frame.sightings if one.track_id in proved} for frame in tracked]


@dataclass
class _Last:
    """Where a naive track was last."""

    track_id: str
    box: Box
    at_ms: int


@dataclass
class _Greedy:
    """Boxes that count, each joined to the track whose last box it overlaps most."""

    known: list[_Last] = field(default_factory=list)
    born: int = 0

    def look(self, frame: TimedFrame) -> dict[Box, str]:
        """Whose each box is."""
        lost_ms = TrackSettings().lost_ms
        self.known = [one for one in self.known if frame.at_ms - one.at_ms <= lost_ms]
        boxes = [box for box in frame.boxes if box.score >= frame.thresholds.get(box.label, 0.0)]
        named: dict[Box, str] = {}
        for one, box in self._pairs(boxes):
            if box not in named and one.at_ms < frame.at_ms:  # each track and each box once
                named[box], one.box, one.at_ms = one.track_id, box, frame.at_ms
        for box in boxes:
            if box not in named:
                self.born += 1
                named[box] = str(self.born)
                self.known.append(_Last(named[box], box, frame.at_ms))
        return named

    def _pairs(self, boxes: Sequence[Box]) -> list[tuple[_Last, Box]]:
        if not self.known or not boxes:
            return []
        shared = overlap(np.array([one.box.xyxy for one in self.known]), np.array([box.xyxy for box in boxes]))
        best = np.argsort(-shared, axis=None, kind="stable")
        places = (np.unravel_index(place, shared.shape) for place in best)
        return [
            (self.known[row], boxes[column])
            for row, column in places
            if shared[row, column] >= OVERLAP_MIN and _kind(self.known[row].box) == _kind(boxes[column])
        ]


def _kind(box: Box) -> str:
    return next((kind for kind, labels in KINDS.items() if box.label in labels), "")


def greedily(frames: Iterable[TimedFrame]) -> Ids:
    """The naive way."""
    greedy = _Greedy()
    return [greedy.look(frame) for frame in frames]


def _links(whose: Ids) -> int:
    return sum(map(len, whose)) - len({thing for frame in whose for thing in frame.values()})


def kept(whose: Ids, ids: Ids) -> tuple[int, int]:
    """How often a thing has another id than it had last, and how often its box has none."""
    last: dict[str, str] = {}
    changed = unnamed = 0
    for boxes, named in zip(whose, ids, strict=True):
        for box, thing in boxes.items():
            if one := named.get(box):
                changed += last.get(thing, one) != one
                last[thing] = one
            else:
                unnamed += 1
    return changed, unnamed


def section(share: Share) -> Iterator[str]:
    """A row a clip and rate."""
    clips: Mapping[str, Mapping[str, Any]] = share["tracking"]  # type: ignore[assignment] # as measured
    yield (
        "The same boxes, found once in every frame. Who is who is told by the tracker at every frame; a link is a box "
        "of something seen before. Beside it the naive way: the greatest overlap with the last box, greedily, of boxes "
        "that count. No clip here has 25 frames a second. Against an independent tracker: docs/decisions/0009.\n"
    )
    yield from table(
        ("clip", "frames a second", "links", "ids changed", "boxes without one", "naive: ids changed", "without one"),
        (
            (clip, rate, told["links"], *(told[way][what] for way in ("ours", "naive") for what in ("changed", "none")))
            for clip, rates in clips.items()
            for rate, told in rates.items()
        ),
    )


TRACKING = Part(name="tracking", title="Followed from frame to frame", measure=measure, section=section)
