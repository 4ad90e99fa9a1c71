"""The shapes of the API's answers: allow-lists, so that a field of the city's own documents never slips out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Union

from pydantic import Field

from civicam.aws.claims import Clip, ClipState
from civicam.aws.footage import Upload
from civicam.cameras.changes import FieldChange, Step
from civicam.cameras.coverage import Coverage, Gap
from civicam.cameras.health import Health
from civicam.cameras.reports import Outcome, Result, counted
from civicam.contracts.allocation import Request, Verdict, Why
from civicam.contracts.base import Document, Moment
from civicam.contracts.cameras import Camera, Preset, Profile
from civicam.contracts.catalogue import FACTS
from civicam.contracts.counts import ManualCount
from civicam.contracts.facts import ClipFact, CloudEvent
from civicam.contracts.footage import ClockQuality, FootageKind
from civicam.contracts.geometry import Point
from civicam.contracts.health import CameraHealthChanged, HealthReason, HealthState
from civicam.contracts.routes import Waypoint
from civicam.contracts.watch import Alert
from civicam.operations.problems import MEDIA_TYPE, Problem

CLIP_FACTS = tuple(fact for fact in FACTS if issubclass(fact, ClipFact))
"""The facts that are judged from clips: what GET /v1/facts lists."""
if TYPE_CHECKING:
    AnyClipFact = CloudEvent[Any]
else:
    AnyClipFact = Union[tuple(CloudEvent[fact] for fact in CLIP_FACTS)]  # noqa: UP007 - made from the catalogue

_PROBLEMS = {
    400: "The cursor is not one of this list's",
    401: "No valid access token",
    403: "The caller's role may not do this",
    404: "No such thing in the caller's units",
    409: "It contradicts what already stands",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The request is not as this document wants it, or the city does not take it",
    500: "The city's own fault",
}


class _Page(Document):
    next: str | None = Field(description="Address of the next page, relative to the API's root; null on the last page")


class CameraAnswer(Document):
    """A camera; the address of its source, which may hold a password, is for its owner alone."""

    camera_id: str
    version: int
    name: str
    owner_id: str
    unit_id: str
    position: tuple[float, float] = Field(description="Longitude and latitude (WGS 84)")
    field_of_view: tuple[Point, ...]
    source_kind: str
    profile: Profile
    model: str | None = Field(description="Maker and type")
    presets: tuple[Preset, ...]
    legal_basis: str | None
    consent_until: Moment | None = Field(description="When the right to its footage ends")

    @classmethod
    def of(cls, camera: Camera) -> "CameraAnswer":
        """The camera as its unit sees it."""
        return cls(**camera.model_dump(exclude={"source"}), source_kind=camera.source.kind)


class CameraPage(_Page):
    """Cameras by unit and id."""

    items: tuple[CameraAnswer, ...]


class StepAnswer(Document):
    """One version of a camera; that its source changed is told, its address is not."""

    version: int
    changed_at: Moment | None = Field(description="Valid from then on; null where nobody wrote it down")
    changed_by: str | None
    fields: tuple[FieldChange, ...]

    @classmethod
    def of(cls, step: Step) -> "StepAnswer":
        """The step as the camera's unit sees it."""
        open_ = tuple(one for one in step.fields if not one.field.startswith("source."))
        hidden = len(open_) < len(step.fields)
        return cls(
            version=step.version,
            changed_at=step.changed and step.changed.at,
            changed_by=step.changed and step.changed.by,
            fields=(*open_, FieldChange(field="source", before=None, after=None)) if hidden else open_,
        )


class HistoryPage(Document):
    """Every version of a camera, the first one first."""

    items: tuple[StepAnswer, ...]


class HealthChange(Document):
    """From when on a camera was how, and why."""

    since: Moment
    state: HealthState
    reasons: tuple[HealthReason, ...]


class HealthAnswer(HealthChange):
    """How a camera is now, and how it was in a period."""

    last_seen: Moment | None = Field(description="When the newest picture was taken that the city has of it")
    uptime: float | None = Field(description="Share of the period in which it saw; null where nobody could tell")
    changes: tuple[HealthChange, ...] = Field(description="In the period, in order")

    @classmethod
    def of(cls, now: Health, changes: Sequence[CameraHealthChanged], share: float | None) -> "HealthAnswer":
        """The camera's own, as its unit sees it."""
        told = tuple(HealthChange(since=one.since, state=one.state, reasons=one.reasons) for one in changes)
        return cls(
            since=now.since, state=now.state, reasons=now.reasons, last_seen=now.last_seen, uptime=share, changes=told
        )


class AnalyticCoverage(Document):
    """Of one analytic, in camera-minutes."""

    promised_min: float
    analysed_min: float
    gap_min: dict[Gap, float] = Field(description="By reason; they add up to what is missing")


class CoverageAnswer(Document):
    """How much of what was promised was analysed."""

    analytics: dict[str, AnalyticCoverage]

    @classmethod
    def of(cls, found: Mapping[str, Coverage]) -> "CoverageAnswer":
        """By analytic."""
        return cls(
            analytics={
                name: AnalyticCoverage(
                    promised_min=one.promised_ms / 60_000,
                    analysed_min=one.analysed_ms / 60_000,
                    gap_min={reason: lost / 60_000 for reason, lost in one.gap_ms.items()},
                )
                for name, one in found.items()
            }
        )


class AnalysisAnswer(Document):
    """Whether a camera is analysed."""

    analysed: bool
    why: Why | None = Field(description="Null where nobody has chosen yet, or its profile asks for nothing now")
    points: int | None
    since: Moment | None
    usd_per_hour: float = Field(description="About, on the Lambda tier")
    requested_until: Moment | None

    @classmethod
    def of(cls, verdict: Verdict | None, request: Request | None, usd: float) -> "AnalysisAnswer":
        """What was chosen; who asked is the city's to know."""
        until = request.until if request else None
        if verdict is None:
            return cls(
                analysed=True, why=None, points=None, since=None, usd_per_hour=round(usd, 4), requested_until=until
            )
        return cls(
            analysed=verdict.analysed,
            why=verdict.why,
            points=verdict.points,
            since=verdict.since,
            usd_per_hour=round(usd, 4),
            requested_until=until,
        )


class RouteAnswer(Document):
    """The way of a camera on a vehicle."""

    items: tuple[Waypoint, ...]


class ComplaintAnswer(Document):
    """What is wrong with one column of a feature."""

    column: str
    problem: str
    remedy: str


class RowAnswer(Document):
    """What became of one feature."""

    number: int = Field(ge=1, description="Which feature, from 1")
    name: str
    outcome: Outcome
    camera_id: str | None
    version: int | None = Field(description="The version that stands now; null where none does")
    fields: tuple[str, ...] = Field(description="What differs from before, where a camera is changed")
    complaints: tuple[ComplaintAnswer, ...]


class BatchAnswer(Document):
    """What became of each feature, in their order."""

    dry_run: bool
    counts: dict[str, int]
    rows: tuple[RowAnswer, ...]

    @classmethod
    def of(cls, results: Sequence[Result], *, dry_run: bool) -> "BatchAnswer":
        """The report as the caller reads it."""
        return cls(
            dry_run=dry_run,
            counts=counted(results),
            rows=tuple(RowAnswer.model_validate(asdict(result)) for result in results),
        )


class ClipAnswer(Document):
    """A clip and where it stands."""

    clip_id: str
    camera_id: str
    kind: FootageKind
    capture_start: Moment
    capture_end: Moment
    clock_quality: ClockQuality
    sha256: str
    size_bytes: int
    media_type: str
    state: ClipState
    stored_at: Moment | None
    reason: str | None = Field(description="Why it cannot be used, where it cannot")

    @classmethod
    def of(cls, clip: Clip) -> "ClipAnswer":
        """The clip, without where its bytes lie."""
        return cls(**dict(clip.footage), state=clip.state, stored_at=clip.stored_at, reason=clip.reason)


class ClipPage(_Page):
    """Accepted clips of one camera, newest first."""

    items: tuple[ClipAnswer, ...]


class UploadAnswer(Document):
    """Leave to upload: send exactly this method, these headers and the declared bytes to the address."""

    method: str = "PUT"
    url: str
    headers: dict[str, str]
    expires_at: Moment

    @classmethod
    def of(cls, upload: Upload) -> "UploadAnswer":
        """The leave as the recorder needs it."""
        return cls(url=upload.url, headers=upload.headers, expires_at=upload.expires_at)


class DeclaredAnswer(Document):
    """The clip may be uploaded; then complete it."""

    clip_id: str
    upload: UploadAnswer


class StateAnswer(Document):
    """Where the clip stands: there is nothing to upload."""

    clip_id: str
    state: ClipState


class FactPage(_Page):
    """Facts of one camera as CloudEvents 1.0, newest first, each at its highest revision."""

    items: tuple[AnyClipFact, ...]
    manual_counts: tuple[ManualCount, ...] = Field(
        description="The last counts that people made of this camera, each with the error of the city's own counts"
    )


class CountPage(Document):
    """Counts that people made of one camera, the latest stretch first."""

    items: tuple[ManualCount, ...]


class AlertPage(_Page):
    """Alerts, newest first."""

    items: tuple[Alert, ...]


def answers(*problems: int, **good: tuple[type[Document], str]) -> dict[int, Any]:
    """What a route may answer: `ok`, `created`, `accepted` with their shapes, and the problems that it may tell."""
    codes = {"ok": 200, "created": 201, "accepted": 202}
    told = {codes[name]: _content(text, "application/json", shape) for name, (shape, text) in good.items()}
    return told | {
        status: _content(_PROBLEMS[status], MEDIA_TYPE, Problem) for status in sorted({401, 403, 422, 500, *problems})
    }


def _content(description: str, media_type: str, shape: type[Document] | type[Problem]) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"model": shape}}}
