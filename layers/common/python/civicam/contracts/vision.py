"""Vision's words: boxes as they lie in S3, and the facts that are judged from them."""

from typing import ClassVar, Literal

from pydantic import Field

from civicam.contracts.base import Document, Moment
from civicam.contracts.facts import ClipFact, Fact
from civicam.contracts.footage import Footage
from civicam.contracts.ids import CameraId, Sha256

OBJECT_LABELS = ("person", "bicycle", "car", "motorcycle", "bus", "truck", "two_wheeler")
"""What the object pass names; `two_wheeler` is a rider and the machine as one: once fused, its parts are not listed."""
VEHICLE_LABELS = ("bicycle", "car", "motorcycle", "bus", "truck", "two_wheeler")

Label = Literal["person", "bicycle", "car", "motorcycle", "bus", "truck", "two_wheeler", "face"]
Direction = Literal["forward", "backward"]


class Box(Document):
    """One thing in one frame: corners in pixels of the source, score 0..1."""

    label: Label
    score: float
    xyxy: tuple[float, float, float, float]


class FrameBoxes(Document):
    """What one detector saw in one frame. `index` counts decoded frames from 0, `time_s` from the clip's start."""

    index: int
    time_s: float
    boxes: tuple[Box, ...]


class SampledInstant(Document):
    """One frame that was looked at: `index` counts the source's frames from 0, `time_s` is from the clip's start."""

    index: int = Field(ge=0)
    time_s: float = Field(ge=0, allow_inf_nan=False)


class ClipBoxes(Document):
    """What one detector saw in one clip: the document behind a boxes address, gzipped JSON."""

    clip_id: str
    model: str
    model_digest: Sha256
    width: int
    height: int
    """Size of the source picture in pixels, as displayed (rotation applied)."""
    sampling_fps: float
    frames: tuple[FrameBoxes, ...]
    still: tuple[SampledInstant, ...] = ()
    """Frames in which nothing moved since the one before: not given to the detector, their boxes are those of the
    frame before them (the detector copies the list from the pack's manifest)."""
    thresholds: dict[str, float] = Field(default_factory=dict)
    """The score from which a box of a label counts by itself. A fainter box only helps to hold on to a track."""

    def counts(self, box: Box) -> bool:
        """Whether the box counts by itself."""
        return box.score >= self.thresholds.get(box.label, 0.0)

    def seen(self) -> tuple[FrameBoxes, ...]:
        """Every sampled frame in the order of time; a still one repeats the boxes of the last one that moved."""
        looked: tuple[FrameBoxes | SampledInstant, ...] = (*self.frames, *self.still)
        seen: list[FrameBoxes] = []
        for entry in sorted(looked, key=lambda entry: entry.index):
            if isinstance(entry, FrameBoxes):
                seen.append(entry)
            elif seen:
                seen.append(FrameBoxes(index=entry.index, time_s=entry.time_s, boxes=seen[-1].boxes))
        return tuple(seen)


class Sampled(Document):
    """How a clip was sampled: what the facts say about how well it was looked at."""

    width: int
    height: int
    duration_s: float
    source_fps: float
    sampling_fps: float
    frames: int
    """Frames kept for the detectors (the others did not move, or lie between two samples)."""
    coverage: float = Field(ge=0, le=1)


class ClipDetected(Fact):
    """Every detector has looked at the clip: here lie the boxes."""

    TYPE: ClassVar[str] = "vision.clip.detected.v1"

    camera_id: CameraId
    footage: Footage
    profile_version: int
    sampled: Sampled
    boxes: dict[str, str]
    """s3:// address of a ClipBoxes document by pass: `objects`, `faces`."""
    ingested_at: Moment


class ClipAbandoned(Fact):
    """A clip could not be analysed after the last try: it lies in the dead letters until somebody redrives it."""

    TYPE: ClassVar[str] = "vision.clip.abandoned.v1"

    camera_id: CameraId
    clip_id: str
    tries: int
    error: str
    abandoned_at: Moment


class Window(Document):
    """A stretch of capture time, start included, end excluded."""

    start: Moment
    end: Moment


class Crossings(Document):
    """How many of one label crossed one line in one direction."""

    line_id: str
    direction: Direction
    label: Label
    count: int = Field(ge=1)


class LabelCount(Document):
    """How many of one label."""

    label: Label
    count: int = Field(ge=0)


class VehiclesCounted(ClipFact):
    """Vehicles that crossed lines in the clip, and those first seen in it (so that sums over clips count each once)."""

    TYPE: ClassVar[str] = "vision.vehicles.counted.v1"

    window: Window
    crossings: tuple[Crossings, ...]
    appeared: tuple[LabelCount, ...]
    present_max: int
    """Most vehicles in one frame."""


class ZonePeople(Document):
    """People in one zone over the clip's frames."""

    zone_id: str
    people_mean: float
    people_max: int


class CrowdMeasured(ClipFact):
    """People in the picture and in each zone. Nobody in it is identified."""

    TYPE: ClassVar[str] = "vision.crowd.measured.v1"

    window: Window
    people_mean: float
    people_max: int
    zones: tuple[ZonePeople, ...]


class FacesSeen(ClipFact):
    """How many faces were in the picture: counts and sizes, no templates."""

    TYPE: ClassVar[str] = "vision.faces.seen.v1"

    window: Window
    faces_mean: float
    faces_max: int
    width_px_median: float | None
    """Median width of the boxes in pixels of the source; null where no face was seen."""
