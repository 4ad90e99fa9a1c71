"""Vision's words: boxes as they lie in S3, and the facts that are judged from them."""

from typing import ClassVar, Literal

from pydantic import Field, TypeAdapter

from civicam.contracts.base import Document, Moment
from civicam.contracts.facts import ClipFact, Fact
from civicam.contracts.footage import Footage
from civicam.contracts.ids import CameraId, Sha256

OBJECT_LABELS = ("person", "bicycle", "car", "motorcycle", "bus", "truck", "two_wheeler")
"""What the object pass names; `two_wheeler` is a rider and the machine as one: once fused, its parts are not listed."""
VEHICLE_LABELS = ("bicycle", "car", "motorcycle", "bus", "truck", "two_wheeler")

Label = Literal["person", "bicycle", "car", "motorcycle", "bus", "truck", "two_wheeler", "face"]
Direction = Literal["forward", "backward"]
Condition = Literal["black", "covered", "frozen", "overexposed", "blurred", "dark", "rain", "shaking", "moved"]
"""What may be wrong with a camera's view."""
Congestion = Literal["free", "light", "moderate", "heavy", "severe", "jammed"]
"""Levels of service A to F of the Highway Capacity Manual, in words."""
ServiceLevel = Literal["A", "B", "C", "D", "E", "F"]
"""Levels of service after Fruin (Pedestrian Planning and Design, 1971): from free movement to a crush."""
Trend = Literal["forming", "steady", "dispersing"]
Suspension = Literal["other_picture", "looks_elsewhere", "in_motion"]
"""Why what is drawn for a camera is not applied to a clip: it does not lie where it was drawn."""


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
    """What one detector saw in one clip: what a boxes address leads to."""

    clip_id: str
    model: str
    model_digest: Sha256
    width: int
    height: int
    """Size of the source picture in pixels, as displayed (rotation applied)."""
    sampling_fps: float
    precision: str = "f32"
    """The arithmetic that the model ran in."""
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


PASSES = TypeAdapter(dict[str, ClipBoxes])
"""What every pass over a clip saw, by its name."""


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
    conditions: tuple[Condition, ...] = ()
    clarity: float = Field(default=1.0, ge=0, le=1)
    """How well one could see: 1 by day with a clean lens; facts multiply their confidence with it."""
    outline: tuple[int, ...] = ()
    """How edges run in the view (`civicam.vision.outline`): it knows a place again, and shows nobody."""
    turned: bool = False
    """Within the clip the camera looked at one view and then at another."""
    asked_fps: float | None = None
    """The profile's rate, where the clip was sampled at less because too much waited."""


class ClipDetected(Fact):
    """Every detector has looked at the clip: here lie the boxes. For judge_clip's queue alone, not for the bus."""

    TYPE: ClassVar[str] = "vision.clip.detected.v1"

    camera_id: CameraId
    footage: Footage
    profile_version: int
    sampled: Sampled
    boxes: dict[str, str]
    """s3:// address by pass (`objects`, `faces`): the object that holds all passes' ClipBoxes, and which of them."""
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


class LineTraffic(Document):
    """How traffic went over one line in one direction, where something crossed it in the clip."""

    line_id: str
    direction: Direction
    headways: int = 0
    """Times between two vehicles, of any label, whose second one crossed in the clip."""
    headway_s_mean: float | None = None
    speeds: int = 0
    """Crossings whose speed is known: none without a ground plane."""
    speed_kmh_mean: float | None = None
    speed_kmh_p85: float | None = None
    """The speed that 85 in a hundred did not exceed."""


class ZoneTraffic(Document):
    """Traffic in one zone over the clip's frames. Vehicles parked there are present, but do not queue or go slowly."""

    zone_id: str
    present_mean: float
    present_max: int
    """Most vehicles at once, by more than one frame's word (`vision.held`)."""
    occupancy: float
    """Share of the zone's area in the picture under vehicles' boxes, mean over time, 0..1."""
    queue_max: int | None = None
    """Most vehicles standing at once; null where the sampling rate is too low to follow any."""
    queue_m_max: float | None = None
    """The longest row of them, first to last; null without a ground plane."""
    speed_kmh_mean: float | None = None
    """Space mean speed; null without a ground plane, or where nothing went."""
    congestion: Congestion | None = None
    """Of a carriageway; null elsewhere, where vehicles stand because they are parked, and where none was followed."""
    congestion_by: Literal["speed", "standing"] | None = None
    """What the level was read from: the speed, or, without a ground plane, the share of vehicles that stood."""


class VehiclesCounted(ClipFact):
    """Vehicles that crossed lines in the clip, and those first seen in it (so that sums over clips count each once)."""

    TYPE: ClassVar[str] = "vision.vehicles.counted.v1"

    window: Window
    crossings: tuple[Crossings, ...]
    appeared: tuple[LabelCount, ...]
    present_max: int
    """Most vehicles at once, by more than one frame's word (`vision.held`): 0 where only one frame was looked at."""
    lines: tuple[LineTraffic, ...] = ()
    zones: tuple[ZoneTraffic, ...] = ()


class ZonePeople(Document):
    """People in one zone over the clip's frames."""

    zone_id: str
    people_mean: float
    people_max: int
    """Most people at once, by more than one frame's word (`vision.held`)."""
    entered: int | None = None
    """How many walked in over the zone's border; null where the sampling rate is too low to follow anybody."""
    left: int | None = None
    density_per_m2: float | None = None
    """The mean; null without a ground plane, or where the zone reaches beyond what it vouches for."""
    density_max_per_m2: float | None = None
    """With `people_max` in it."""
    walkway_level: ServiceLevel | None = None
    """Fruin's level of service at the mean density, where people walk..."""
    queueing_level: ServiceLevel | None = None
    """... and where they wait."""
    trend: Trend | None = None
    """Whether a crowd gathers here, over the last two minutes; null until a minute was seen."""


class CrowdMeasured(ClipFact):
    """People in the picture and in each zone. Nobody in it is identified."""

    TYPE: ClassVar[str] = "vision.crowd.measured.v1"

    window: Window
    people_mean: float
    people_max: int
    """Most people at once, by more than one frame's word (`vision.held`): 0 where only one frame was looked at."""
    zones: tuple[ZonePeople, ...]


class FacesSeen(ClipFact):
    """How many faces were in the picture: counts and sizes, no templates."""

    TYPE: ClassVar[str] = "vision.faces.seen.v1"

    window: Window
    faces_mean: float
    faces_max: int
    """Most faces at once, by more than one frame's word (`vision.held`): 0 where only one frame was looked at."""
    width_px_median: float | None
    """Median width of the boxes in pixels of the source; null where no face was seen."""
    small_share: float | None = None
    """Share of the faces that are too narrow to be counted well (`small_px`); null where no face was seen."""
    score_median: float | None = None
    """Median of the detector's scores, 0 to 1: how clearly faces could be told from other things."""
