"""Riders whose machine hides, and walkers who for a moment look like riders: one object, whatever it is seen as.

A detector finds a small or half hidden machine in some frames only; in the others its rider is a person to it. And now
and then it sees a machine under somebody who walks. So people and two-wheelers may take each other's boxes where
nothing else explains these, and what a track is follows from what it was mostly seen as.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from civicam.contracts.vision import Box, ClipBoxes, FrameBoxes
from civicam.vision.association import Floats, overlap
from civicam.vision.motion import predict
from civicam.vision.riders import INSIDE_MIN
from civicam.vision.tracks import KINDS, Kind, TimedFrame, Track, TrackedFrame, TrackSettings, motion_of

PERSON, WHEELER = "person", "two_wheeler"


def by_votes(live: Sequence[Track]) -> list[Track]:
    """The tracks, each of the kind that it was mostly seen as; one that changes is proved anew."""
    return [_settled(one) for one in live]


def _settled(one: Track) -> Track:
    walking = one.votes.get(PERSON, 0.0)
    riding = sum(one.votes.values()) - walking
    other: Kind = "vehicle" if one.kind == "person" else "person"
    stays, goes = (walking, riding) if one.kind == "person" else (riding, walking)
    return replace(one, kind=other, established=False) if goes > stays else one


def lent(live: Sequence[Track], frame: TimedFrame, settings: TrackSettings) -> Mapping[int, Kind]:
    """Which of the frame's boxes belong to tracks of the other kind: place of the box -> that kind.

    A two-wheeler's box is a person's where no vehicle's track explains it, and somebody is followed in it who has no
    box of their own; a person's box is a vehicle's where it lies in what is followed as a two-wheeler, likewise.
    """
    labels = {box.label for box in frame.boxes}
    if not live or not labels & {PERSON, WHEELER}:
        return {}
    scene = _Scene(live, frame, settings)
    to_people = {} if WHEELER not in labels else scene.lend(WHEELER, [one.kind == "person" for one in live], "person")
    wheelers = [one.kind == "vehicle" and one.label == WHEELER for one in live]
    return to_people | ({} if PERSON not in labels else scene.lend(PERSON, wheelers, "vehicle"))


class _Scene:
    """Where the tracks should be in a frame, against its boxes that count."""

    def __init__(self, live: Sequence[Track], frame: TimedFrame, settings: TrackSettings) -> None:
        waited = np.array([(frame.at_ms - one.seen_ms) / 1000 for one in live])
        ahead = predict(motion_of(live), waited).corners
        corners = np.array([box.xyxy for box in frame.boxes], np.float64).reshape(-1, 4)
        self._near = overlap(ahead, corners) >= settings.overlap_young
        smaller = np.minimum(_areas(ahead)[:, None], _areas(corners)[None, :])
        self._inside = _shared(ahead, corners) / smaller
        self._kinds = np.array([one.kind for one in live])
        self._labels = np.array([box.label for box in frame.boxes])
        self._counts = np.array([box.score >= frame.thresholds.get(box.label, 0.0) for box in frame.boxes])

    def lend(self, label: str, takers: Sequence[bool], kind: Kind) -> dict[int, Kind]:
        """The boxes of that label which nothing of their own kind explains, one to a taker that has none of its own."""
        own = np.isin(self._labels, KINDS[kind])
        alone = np.array(takers) & ~(self._near & (own & self._counts)[None, :]).any(axis=1)
        explained = (self._near & (self._kinds != kind)[:, None]).any(axis=0)
        fits = np.where(self._near & alone[:, None], self._inside, 0.0)
        fits[:, explained | ~self._counts | (self._labels != label)] = 0.0
        return {int(row.argmax()): kind for row in fits if row.max() >= INSIDE_MIN}


def as_tracked(boxes: ClipBoxes, tracked: Sequence[TrackedFrame]) -> ClipBoxes:
    """The boxes, those that lie on a track of the other kind under the label of that kind."""
    other: dict[tuple[int, Box], str] = {
        (frame.index, one.box): PERSON if one.kind == "person" else WHEELER
        for frame in tracked
        for one in frame.sightings
        if one.box.label not in KINDS[one.kind]
    }
    if not other:
        return boxes
    return boxes.model_copy(update={"frames": tuple(_relabelled(frame, other) for frame in boxes.frames)})


def _relabelled(frame: FrameBoxes, other: Mapping[tuple[int, Box], str]) -> FrameBoxes:
    boxes = (box.model_copy(update={"label": other.get((frame.index, box), box.label)}) for box in frame.boxes)
    return frame.model_copy(update={"boxes": tuple(boxes)})


def _areas(corners: Floats) -> Floats:
    areas: Floats = np.maximum((corners[:, 2:] - corners[:, :2]).prod(axis=1), 1e-9)
    return areas


def _shared(ones: Floats, others: Floats) -> Floats:
    low = np.maximum(ones[:, None, :2], others[None, :, :2])
    high = np.minimum(ones[:, None, 2:], others[None, :, 2:])
    shared: Floats = np.clip(high - low, 0, None).prod(axis=2)
    return shared
