"""The cameras' words: what a camera is, what it delivers, and the facts about its footage."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, model_validator

from civicam.contracts.base import Body, Moment, utc_text
from civicam.contracts.facts import Fact
from civicam.contracts.footage import ClockQuality, Footage
from civicam.contracts.geometry import GroundPlane, Line, Point, Zone
from civicam.contracts.ids import CameraId, Sha256, Slug, digest
from civicam.contracts.schedule import CITY_TIME, Shift
from civicam.contracts.sources import CitizenSource, ExportSource, FolderSource, MjpegSource, PulledSource
from civicam.contracts.text import Name
from civicam.contracts.versions import Versioned


class Tier(StrEnum):
    """Where the detectors run for a camera."""

    LAMBDA = "lambda"
    GPU = "gpu"


Mount = Literal["fixed", "pan_tilt_zoom", "vehicle"]
"""What a camera hangs on: only a fixed one always shows the same."""
Place = tuple[
    Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)],
    Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)],
]
"""Longitude and latitude, WGS 84, as GeoJSON orders them."""
RETENTION_CLASSES = ("short", "standard", "long")
"""How long footage is kept, by name; the environment says how many days each is."""
LegalBasis = Literal["public_task", "agreement", "consent"]
"""Why the city may have a camera's footage: a task that the law gives its owner, a contract, or leave that it gave."""


def _end_of_day(told: Any) -> Any:
    """The midnight that ends a day, where a day is given and no time: `2026-12-31` is valid to its last minute."""
    if not isinstance(told, str) or len(told) != len("2026-12-31"):
        return told
    try:
        return datetime.combine(date.fromisoformat(told) + timedelta(days=1), time(), CITY_TIME)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{told!r} is no day: write it as 2026-12-31") from error


def _whole_minute(moment: datetime) -> datetime:
    if moment.second or moment.microsecond:
        raise ValueError("it ends within a minute: give a whole minute, or a day")
    return moment


End = Annotated[Moment, BeforeValidator(_end_of_day), AfterValidator(_whole_minute)]
"""A whole minute with which something ends: footage is cut by minutes. A day without a time ends in the city's own."""


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
    promised: bool = False
    """Whether the city owes it to somebody that this camera is analysed: then it goes before all that are not."""
    risk: int = Field(default=0, ge=0, le=3)
    """Of the place, 0 is ordinary: what is riskier goes before where not all can be analysed."""
    schedule: tuple[Shift, ...] = ()
    """When it is analysed (`civicam.cameras.schedule`); always where no shift is given."""
    pixels: Literal["city", "edge"] = "city"
    """Where its footage is looked at: at the edge, the city has facts and redacted pictures only."""
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


class Preset(Body):
    """A view that a camera can be sent to."""

    preset_id: Slug
    name: Name
    token: str | None = Field(default=None, max_length=64)
    """What the camera itself calls it (ONVIF PTZ, `PresetToken`)."""
    field_of_view: tuple[Point, ...] = ()
    """As a camera's."""


class Camera(Versioned):
    """One version of a camera's entry in the registry."""

    camera_id: CameraId
    name: Name
    owner_id: Slug
    unit_id: Slug
    position: Place
    """Of a camera on a vehicle: where that is based."""
    field_of_view: tuple[Point, ...] = ()
    """A ring of longitude and latitude on the ground; empty where nobody surveyed it."""
    source: Source = Field(discriminator="kind", default=PushSource())
    profile: Profile = Profile()
    retention: Slug = "standard"
    """The class that says how long its footage is kept."""
    model: Slug | None = None
    """Maker and type, as the templates name them."""
    presets: tuple[Preset, ...] = ()
    """Of a pan-tilt-zoom camera."""
    legal_basis: LegalBasis | None = None
    consent_until: End | None = None
    """When the right to its footage ends: what is filmed from then on is neither pulled nor taken."""
    consent_record: Slug | None = None
    """The file in which the agreement or consent lies."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.presets and self.profile.mount != "pan_tilt_zoom":
            raise ValueError(f"presets of a {self.profile.mount} camera: its profile's mount is not pan_tilt_zoom")
        names = [preset.preset_id for preset in self.presets]
        if len(set(names)) < len(names):
            raise ValueError("two presets have one `preset_id`: give each a name of its own")
        if self.legal_basis in {"agreement", "consent"} and self.consent_until is None:
            raise ValueError(f"the legal basis {self.legal_basis} has an end: give it as `consent_until`")
        return self

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


class FootageMissed(Fact):
    """A stretch of a camera's time of which its source gave no footage, and will give none."""

    TYPE: ClassVar[str] = "cameras.footage.missed.v1"

    camera_id: CameraId
    capture_start: Moment
    capture_end: Moment
    reason: str
    """`not_exported`: asked for until patience ended; `partial`: the export was shorter than asked for."""
    noted_at: Moment

    @classmethod
    def of(cls, camera_id: str, start: datetime, end: datetime, reason: str, at: datetime) -> Self:
        """The same fact, however often the same stretch is missed."""
        return cls(
            fact_id=digest(cls.TYPE, camera_id, utc_text(start), utc_text(end)),
            camera_id=camera_id,
            capture_start=start,
            capture_end=end,
            reason=reason,
            noted_at=at,
        )
