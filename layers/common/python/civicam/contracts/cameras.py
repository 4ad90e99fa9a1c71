"""The cameras' words: what a camera is, what it delivers, and the facts about its footage."""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from civicam.contracts.base import Body, Moment
from civicam.contracts.facts import Fact
from civicam.contracts.footage import ClockQuality, Footage
from civicam.contracts.geometry import GroundPlane, Line, Point, Zone
from civicam.contracts.ids import CameraId, Sha256, Slug
from civicam.contracts.sources import CitizenSource, ExportSource, FolderSource, MjpegSource, PulledSource


class Tier(StrEnum):
    """Where the detectors run for a camera."""

    LAMBDA = "lambda"
    GPU = "gpu"


Mount = Literal["fixed", "pan_tilt_zoom", "vehicle"]
"""What a camera hangs on: only a fixed one always shows the same."""


class HttpSource(PulledSource):
    """An address that gives one clip, or one picture, per request; pictures read within a minute become one series."""

    kind: Literal["http_clip", "http_picture"]


class PushSource(Body):
    """A recorder at the edge that uploads by presigned PUT; the city never calls it."""

    kind: Literal["push"] = "push"


Source = HttpSource | MjpegSource | ExportSource | PushSource | FolderSource | CitizenSource


class Profile(Body):
    """What is looked for in a camera's footage, and how."""

    analytics: tuple[str, ...] = ("vehicle", "crowd", "face", "incident")
    sampling_fps: float = Field(default=5.0, gt=0, le=25)
    tier: Tier | None = None
    """Where its detectors run, whatever waits; None leaves that to the city (civicam.vision.tiers)."""
    priority: Literal["low", "normal", "high"] = "normal"
    """Whose sampling rate gives way first when there is more to look at than can be looked at."""
    mount: Mount = "fixed"
    picture: tuple[int, int] | None = None
    """Width and height of the picture that lines, zones and ground plane are drawn in."""
    view: tuple[int, ...] = ()
    """Outline of the view that they are drawn over, such as a preset's, as `civicam analyse` tells it in
    `sampled.outline`. Unless it is given, it is the first view that is seen under this version of the profile."""
    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()
    ground: GroundPlane | None = None
    parameters: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    """What differs at this camera from an analytic's own parameters, by the analytic's name."""


class Camera(Body):
    """One version of a camera's entry in the registry."""

    camera_id: CameraId
    version: int = Field(default=1, ge=1)
    name: str = Field(min_length=1, max_length=120)
    owner_id: Slug
    unit_id: Slug
    position: tuple[float, float]
    """Longitude and latitude, WGS 84, as GeoJSON orders them."""
    field_of_view: tuple[Point, ...] = ()
    """A ring of longitude and latitude on the ground; empty where nobody surveyed it."""
    source: Source = Field(discriminator="kind", default=PushSource())
    profile: Profile = Profile()
    retention: Slug = "standard"

    def __hash__(self) -> int:
        return hash((self.camera_id, self.version))


class ClipDeclaration(Body):
    """What a recorder states about footage before it may upload it."""

    camera_id: CameraId
    capture_start: Moment
    capture_end: Moment
    clock_quality: ClockQuality = ClockQuality.DECLARED
    sha256: Sha256
    size_bytes: int = Field(gt=0)
    media_type: str


class ClipStored(Fact):
    """Footage lies in the city's store and may be analysed."""

    TYPE: ClassVar[str] = "cameras.clip.stored.v1"

    camera_id: CameraId
    footage: Footage
    stored_at: Moment


class ClipRejected(Fact):
    """Footage that cannot be used: it lies in quarantine and `reason` says why."""

    TYPE: ClassVar[str] = "cameras.clip.rejected.v1"

    camera_id: str
    """As the footage states it: an unknown camera is itself a reason."""
    clip_id: str
    reason: str
    message: str
    sha256: Sha256 | None = None
    quarantine_key: str
    rejected_at: Moment
