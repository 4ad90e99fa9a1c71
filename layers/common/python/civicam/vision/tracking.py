"""Boxes, frame after frame -> tracks: ByteTrack (Zhang et al., 2021, arXiv 2110.06864) in capture time.

From the paper: every box counts, strong ones first, faint ones only for tracks that stand already. Added for footage
sampled at 1 to 25 frames a second: all limits are times, not numbers of frames; what moves further than its own length
between two frames is found within the filter's own uncertainty; and a track is established by evidence, of which what
stands still needs more than what travels.

The state is the whole memory: judging a clip, or its pieces one after another, gives the same tracks, bit for bit.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from civicam.vision.association import Floats, Matching, overlap, resemble
from civicam.vision.motion import Motion, begin, predict, surprise, update
from civicam.vision.mounting import by_votes, lent
from civicam.vision.tracks import (
    KIND_OF,
    KINDS,
    Kind,
    Sighting,
    TimedFrame,
    Track,
    TrackedFrame,
    TrackerState,
    TrackSettings,
    motion_of,
)


def track(
    state: TrackerState, frames: Sequence[TimedFrame], settings: TrackSettings
) -> tuple[tuple[TrackedFrame, ...], TrackerState]:
    """The frames with what is on tracks in them, and the state after them.

    Frames in the order of time; those not after the state's last one were looked at before and are left out.
    """
    tracked = []
    for frame in frames:
        if frame.at_ms > state.last_ms:
            state, sightings = _look(state, frame, settings)
            tracked.append(TrackedFrame(frame.index, frame.at_ms, sightings))
    return tuple(tracked), state


def _look(state: TrackerState, frame: TimedFrame, settings: TrackSettings) -> tuple[TrackerState, tuple[Sighting, ...]]:
    numbers = count()
    tracks: list[Track] = []
    sightings: list[Sighting] = []
    live = [one for one in state.tracks if frame.at_ms - one.seen_ms <= settings.lost_ms]
    live = by_votes(live)
    other = lent(live, frame, settings)
    for kind in KINDS:
        boxes = tuple(box for place, box in enumerate(frame.boxes) if other.get(place, KIND_OF.get(box.label)) == kind)
        alike = [one for one in live if one.kind == kind]
        look = _Look(replace(frame, boxes=boxes), kind, alike, state.last_ms, settings)
        found = look.follow(numbers)
        tracks += _bounded(found, settings)
        sightings += look.sightings
    return TrackerState.model_construct(last_ms=frame.at_ms, tracks=tuple(tracks)), tuple(sightings)


class _Look:
    """One look at the boxes of one kind in a frame, and at the tracks that may own them."""

    def __init__(self, frame: TimedFrame, kind: Kind, live: list[Track], last_ms: int, settings: TrackSettings) -> None:
        self._at_ms, self._kind, self._live, self._last_ms, self._settings = frame.at_ms, kind, live, last_ms, settings
        self._boxes = frame.boxes
        self._thresholds = [frame.thresholds.get(box.label, 0.0) for box in self._boxes]
        self._strong = [place for place, box in enumerate(self._boxes) if box.score >= self._thresholds[place]]
        self._corners: Floats = np.array([box.xyxy for box in self._boxes], dtype=np.float64).reshape(-1, 4)
        self.sightings: list[Sighting] = []

    def follow(self, numbers: "count[int]") -> list[Track]:
        """The tracks after this frame, in the order of their births; `sightings` has what was seen of them."""
        if not self._live and not self._strong:
            return []
        waited = np.array([(self._at_ms - one.seen_ms) / 1000 for one in self._live], dtype=np.float64)
        ahead = predict(motion_of(self._live), waited)
        matching = self._match(ahead)
        tracks = self._go_on(matching, ahead)
        for place in self._births(matching):
            tracks.append(self._start(place, next(numbers)))
            self._sight(tracks[-1], place)
        return tracks

    def _match(self, ahead: Motion) -> Matching:
        """In stages: strong boxes, faint boxes, young tracks, and what moved too far since the last frame."""
        settings, matching, strong = self._settings, Matching(), self._strong
        faint = sorted({*range(len(self._boxes))} - {*strong})
        old = [place for place, one in enumerate(self._live) if one.established]
        young = [place for place, one in enumerate(self._live) if not one.established]
        apart = 1 - overlap(ahead.corners, self._corners)
        matching.stage(old, strong, apart, 1 - settings.overlap_strong)
        matching.stage(old, faint, apart, 1 - settings.overlap_faint)
        matching.stage(young, strong, apart, 1 - settings.overlap_young)
        alike = resemble(ahead.corners, self._corners, settings.area_ratio_max)
        far = np.where(alike, surprise(ahead, self._corners), np.inf)
        just_seen = [place for place in [*old, *young] if self._live[place].seen_ms == self._last_ms]
        matching.stage(just_seen, strong, far, settings.surprise_max)
        return matching

    def _go_on(self, matching: Matching, ahead: Motion) -> list[Track]:
        """The tracks that were here before: moved on to their boxes, or waiting for another frame."""
        pairs = sorted(matching.box_of.items())
        rows = np.array([place for place, _ in pairs], dtype=np.intp)
        moved = update(ahead.rows(rows), self._corners[[box for _, box in pairs]].reshape(-1, 4))
        seen = {place: self._see(place, box, moved, row) for row, (place, box) in enumerate(pairs)}
        waiting = {
            place: one
            for place, one in enumerate(self._live)
            if place not in seen and (one.established or self._at_ms - one.seen_ms <= self._settings.tentative_ms)
        }
        return [one for _, one in sorted((seen | waiting).items())]

    def _see(self, place: int, box: int, moved: Motion, row: int) -> Track:
        before = self._live[place]
        seen = replace(
            before,
            seen_ms=self._at_ms,
            hits=before.hits + 1,
            votes=before.voted(self._boxes[box]),
            **_state(moved, row),
        )
        if not before.established:
            seen = seen.credited(before.seen_ms, self._evidence(box), self._settings)
        self._sight(seen, box, new=seen.established and not before.established)
        return seen

    def _births(self, matching: Matching) -> list[int]:
        """Strong boxes that nobody owns and that are nobody's twin, the best first."""
        known = list(matching.box_of.values())
        born: list[int] = []
        for place in sorted(matching.free(self._strong), key=lambda place: -self._boxes[place].score):
            others = self._corners[[*known, *born]].reshape(-1, 4)
            if not (overlap(self._corners[place : place + 1], others) >= self._settings.twin_overlap).any():
                born.append(place)
        return born

    def _start(self, place: int, number: int) -> Track:
        state = _state(begin(self._corners[place : place + 1]), 0)
        return Track(
            track_id=f"{self._at_ms}-{number}",
            kind=self._kind,
            born_ms=self._at_ms,
            seen_ms=self._at_ms,
            hits=1,
            evidence=round(self._evidence(place), 4),
            established=False,
            votes={self._boxes[place].label: round(self._boxes[place].score, 4)},
            origin=state["centre"],
            **state,
        )

    def _evidence(self, place: int) -> float:
        return self._settings.evidence(self._boxes[place].score, self._thresholds[place])

    def _sight(self, one: Track, place: int, *, new: bool = False) -> None:
        self.sightings.append(Sighting(one.track_id, one.kind, one.label, self._boxes[place], one.established, new))


def _state(motion: Motion, row: int) -> dict[str, Any]:
    """A track's share of the arrays, as its own fields."""
    return {name: tuple(getattr(motion, name)[row].tolist()) for name in ("centre", "speed", "size", "spread")}


def _bounded(tracks: list[Track], settings: TrackSettings) -> list[Track]:
    if len(tracks) <= settings.tracks_max:
        return tracks
    ranked = sorted(tracks, key=lambda one: (not one.established, -one.seen_ms, -one.evidence, one.born_ms))
    kept = {one.track_id for one in ranked[: settings.tracks_max]}
    return [one for one in tracks if one.track_id in kept]
