"""What an analytic is: what it reads, what it states, and the pure function between."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any, TypeVar

from pydantic import JsonValue, ValidationError

from civicam.contracts.base import Body
from civicam.contracts.cameras import Profile
from civicam.contracts.errors import Rejected
from civicam.contracts.facts import ClipFact
from civicam.contracts.ids import fact_id
from civicam.contracts.vision import Box, ClipBoxes, ClipDetected, FrameBoxes, Suspension, Window
from civicam.vision.tracks import TrackedFrame

F = TypeVar("F", bound=ClipFact)

NOTHING_SEEN = 0.5
"""Confidence in a fact behind which there is no box: an empty street and a blind detector look the same from here."""
RATE_TOLERANCE = 0.95
"""A rate of 0.999 a second is one a second."""


@dataclass(frozen=True, kw_only=True)
class View:
    """One clip as an analytic sees it."""

    profile: Profile
    """In pixels of the clip; without lines, zones and ground plane where these are suspended."""
    suspended: Suspension | None
    parameters: Body
    """The analytic's own, as this camera's profile changes them."""
    clip: ClipDetected
    boxes: ClipBoxes
    tracked: tuple[TrackedFrame, ...]
    """The frames that no clip before has shown; none where the sampling rate is below the analytic's lowest."""
    live: frozenset[str]
    """Ids of the tracks that go on after the clip."""
    rules_digest: str
    judged_at: datetime

    @property
    def frames(self) -> tuple[FrameBoxes, ...]:
        """Every frame that was looked at, with the boxes that count by themselves."""
        return tuple(
            frame.model_copy(update={"boxes": tuple(filter(self.boxes.counts, frame.boxes))})
            for frame in self.boxes.seen()
        )

    def labelled(self, label: str) -> list[list[Box]]:
        """The boxes of one label in every frame that was looked at, frame by frame."""
        return [[box for box in frame.boxes if box.label == label] for frame in self.frames]

    def at_ms(self, frame: FrameBoxes) -> int:
        """The frame's capture time in ms since 1970: as exact as the wire is."""
        return start_ms(self.clip) + round(frame.time_s * 1000)

    @property
    def window(self) -> Window:
        """The clip's stretch of capture time."""
        return Window(start=self.clip.footage.capture_start, end=self.clip.footage.capture_end)

    def state(self, kind: type[F], *, behind: Iterable[Box], about: str = "", **measures: Any) -> F:
        """The fact with these measures; its confidence is the mean score of the boxes `behind` it, times coverage.

        `about` tells it from the clip's other facts of its kind, as its `about` does. Measures may hold a `confidence`
        of another making.
        """
        footage, sampled = self.clip.footage, self.clip.sampled
        scores = [box.score for box in behind]
        identity = {
            "camera_id": self.clip.camera_id,
            "capture_start": footage.capture_start,
            "model_digest": self.boxes.model_digest,
            "rules_digest": self.rules_digest,
            "profile_version": self.clip.profile_version,
            "run": self.clip.run,
        }
        certainty = round(sampled.coverage * sampled.clarity * (fmean(scores) if scores else NOTHING_SEEN), 4)
        return kind(
            fact_id=fact_id(kind=f"{kind.TYPE} {about}".rstrip(), clip_sha256=footage.sha256, **identity),  # type: ignore[arg-type]
            clip_id=footage.clip_id,
            capture_end=footage.capture_end,
            clock_quality=footage.clock_quality,
            ingested_at=self.clip.ingested_at,
            judged_at=self.judged_at,
            sampling_fps=sampled.sampling_fps,
            coverage=sampled.coverage,
            conditions=sampled.conditions,
            suspended=self.suspended,
            confidence=measures.pop("confidence", certainty),
            precision=self.boxes.precision,
            **identity,
            **measures,
        )


Judge = Callable[[View, JsonValue], tuple[tuple[ClipFact, ...], JsonValue]]
"""A view and what the analytic remembered (None at first) -> its facts, and what it remembers now."""


@dataclass(frozen=True, kw_only=True)
class Analytic:
    """One kind of judgement. Queue, metric, lake table and page in the docs follow from this record."""

    name: str
    """As profiles name it."""
    version: int
    """Of its rules: whoever changes what `judge` does changes it."""
    reads: str
    """The detectors' pass whose boxes it looks at."""
    lowest_fps: float
    """Below this sampling rate motion means nothing to it: it gets no tracks."""
    states: type[ClipFact]
    in_every_clip: bool = True
    """Whether each clip has such a fact; else only where there is something to say."""
    parameters: Body
    judge: Judge

    def can_follow(self, sampling_fps: float) -> bool:
        """Whether motion means something to it at this rate."""
        return sampling_fps >= RATE_TOLERANCE * self.lowest_fps

    def parameters_at(self, profile: Profile) -> Body:
        """Its parameters with what differs at this camera; raises Rejected (`wrong_parameters`), naming each."""
        changes = profile.parameters.get(self.name, {})
        try:
            return type(self.parameters).model_validate(self.parameters.model_dump() | changes)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            fields = ", ".join(type(self.parameters).model_fields) or "none"
            raise Rejected("wrong_parameters", f"parameters of {self.name}: {wrong} (there are: {fields})") from error

    def identity(self, parameters: Body | None = None) -> str:
        """Its rules in one line, with other parameters than its own where some are given: a digest is made of it."""
        return f"{self.name} {self.version} {self.lowest_fps} {(parameters or self.parameters).model_dump_json()}"


def start_ms(clip: ClipDetected) -> int:
    """When the clip begins, in ms since 1970."""
    return round(clip.footage.capture_start.timestamp() * 1000)


def mean(counts: Sequence[float]) -> float:
    """The mean over frames, to four places; 0 where no frame was looked at."""
    return round(fmean(counts), 4) if counts else 0.0


def foot(box: Box) -> tuple[float, float]:
    """Where the thing stands: the middle of the box's lower edge, which lies on the ground in an oblique view."""
    x1, _, x2, y2 = box.xyxy
    return (x1 + x2) / 2, y2


def size(box: Box) -> float:
    """The root of the box's area, in pixels: what distances are measured in where there is no ground plane."""
    x1, y1, x2, y2 = box.xyxy
    return math.sqrt(max(1.0, (x2 - x1) * (y2 - y1)))
