"""What a track is: the object as it was last seen, the evidence for it, and the settings that all of it goes by."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from civicam.contracts.base import Body, Document
from civicam.contracts.vision import VEHICLE_LABELS, Box
from civicam.vision.association import Floats
from civicam.vision.motion import Motion

Kind = Literal["vehicle", "person"]
KINDS: dict[Kind, tuple[str, ...]] = {"vehicle": VEHICLE_LABELS, "person": ("person",)}
"""What may be one track: a lorry is seen as car and as truck by turns, but never as a person (of riders and walkers
`mounting` knows more)."""
KIND_OF: dict[str, Kind] = {label: kind for kind, labels in KINDS.items() for label in labels}


class TrackSettings(Body):
    """How tracks are made. Overlaps are intersections over union, 0..1; evidence is in log-odds."""

    version: int = 3
    """Of the rules that these settings are for: whoever changes a rule changes it."""
    overlap_strong: float = 0.2
    """Least overlap of an established track with a strong box (as in the code of ByteTrack's authors)."""
    overlap_faint: float = 0.5
    """The same with a faint box (as in the paper)."""
    overlap_young: float = 0.3
    """The same of a track not yet established (as in the authors' code)."""
    surprise_max: float = 13.28
    """How unlike its prediction a strong box may be that overlaps no track, one frame later: 99 % of chi-square, four
    degrees of freedom (where it is, and how large)."""
    area_ratio_max: float = 4.0
    """By how much the areas may differ where nothing overlaps: what comes into the picture grows."""
    twin_overlap: float = 0.7
    """A box that lies over another one's by this much is the same object again: it starts no track."""
    lost_ms: int = 2100
    """How long a track is looked for after it was last seen: two samples at one frame a second."""
    tentative_ms: int = 250
    """The same for a track not yet established, beyond the next frame."""
    hits_min: int = 3
    """Frames that a track must be seen in; two are enough where they are `sparse_ms` apart."""
    sparse_ms: int = 500
    span_ms: int = 200
    """Least time between a track's first and last sighting before it is established."""
    moved_sizes: float = 0.5
    """A track has moved when it is this far, in sizes, from where it was first seen: noise does not travel."""
    evidence_moved: float = 2.0
    """Least evidence for what has moved: log-odds above the detector's threshold, summed over frames."""
    evidence_still: float = 4.0
    """The same for what stands still."""
    evidence_frame_max: float = 3.0
    """The most that one frame can say."""
    independent_moved_ms: int = 200
    """Frames closer than this show the same noise and count for less, in proportion: once it moved..."""
    independent_still_ms: int = 1000
    """... and standing, where a frame repeats what the one before it said."""
    tracks_max: int = 200
    """Bound on the live tracks of a kind: the most certain ones stay."""

    def evidence(self, score: float, threshold: float) -> float:
        """What a box says for its track, where boxes count from `threshold` on; a faint one says nothing."""
        return min(self.evidence_frame_max, max(0.0, _log_odds(score) - _log_odds(threshold)))


@dataclass(frozen=True, slots=True)
class Track:
    """One object, as it was when it was last seen. Pixels of the source, seconds."""

    track_id: str
    """`{birth in ms since 1970}-{number among the births of that frame}`."""
    kind: Kind
    born_ms: int
    seen_ms: int
    hits: int
    evidence: float
    established: bool
    votes: dict[str, float]
    """Sum of scores by label."""
    origin: tuple[float, float]
    """Where it was first seen."""
    centre: tuple[float, float]
    speed: tuple[float, float]
    size: tuple[float, float]
    spread: tuple[float, float, float, float]
    """Variances as in `motion.Motion`."""

    @property
    def label(self) -> str:
        """What it was mostly seen as; of equals, what comes first in the list of labels."""
        return max(KINDS[self.kind], key=lambda label: self.votes.get(label, 0.0))

    def voted(self, box: Box) -> dict[str, float]:
        """The votes with this box's among them."""
        return self.votes | {box.label: round(self.votes.get(box.label, 0.0) + box.score, 4)}

    def has_moved(self, settings: TrackSettings) -> bool:
        """Whether it is somewhere else than where it was first seen."""
        length = math.sqrt(max(1.0, self.size[0] * self.size[1]))
        return math.dist(self.centre, self.origin) >= settings.moved_sizes * length

    def is_proved(self, settings: TrackSettings) -> bool:
        """Whether it was seen often, long and surely enough to be an object."""
        span = self.seen_ms - self.born_ms
        often = self.hits >= settings.hits_min or span >= settings.sparse_ms
        needed = settings.evidence_moved if self.has_moved(settings) else settings.evidence_still
        return often and span >= settings.span_ms and self.evidence >= needed

    def credited(self, since_ms: int, evidence: float, settings: TrackSettings) -> "Track":
        """The young track with what its latest box says for it, and established if that is enough."""
        apart = settings.independent_moved_ms if self.has_moved(settings) else settings.independent_still_ms
        weight = min(1.0, (self.seen_ms - since_ms) / apart)
        credited = replace(self, evidence=round(self.evidence + weight * evidence, 4))
        return replace(credited, established=credited.is_proved(settings))


class TrackerState(Document):
    """All that the tracker knows of a camera. Its floats survive JSON exactly."""

    last_ms: int = 0
    """Capture time of the last frame, in ms since 1970: nothing at or before it is looked at again."""
    tracks: tuple[Track, ...] = ()


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """The boxes of one frame at its capture time; `thresholds`: the score from which a label counts by itself."""

    index: int
    at_ms: int
    boxes: tuple[Box, ...]
    thresholds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A box on a track. `label` is the track's; `new`: with this sighting the track was established."""

    track_id: str
    kind: Kind
    label: str
    box: Box
    established: bool
    new: bool


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """What is on tracks in one frame."""

    index: int
    at_ms: int
    sightings: tuple[Sighting, ...]


def motion_of(tracks: Sequence[Track]) -> Motion:
    """The states of n tracks as arrays."""
    return Motion(
        _column([one.centre for one in tracks], 2),
        _column([one.speed for one in tracks], 2),
        _column([one.size for one in tracks], 2),
        _column([one.spread for one in tracks], 4),
    )


def _column(values: Sequence[tuple[float, ...]], width: int) -> Floats:
    return np.array(values, dtype=np.float64).reshape(-1, width)


def _log_odds(score: float) -> float:
    share = min(0.99, max(0.05, score))
    return math.log(share / (1 - share))
