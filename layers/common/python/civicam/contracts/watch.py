"""Watch's words: alert rules, alerts, and the facts about them."""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from civicam.contracts.base import Body, Document, Moment
from civicam.contracts.facts import Fact
from civicam.contracts.ids import CameraId, Slug
from civicam.contracts.incidents import IncidentName
from civicam.contracts.vision import Direction, Label


class Severity(StrEnum):
    """How soon somebody should look."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


class AlertState(StrEnum):
    """Where an alert stands."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"


class LineCount(Body):
    """Crossings of one line in one clip, of the labels named (all of them when none is)."""

    kind: Literal["line_count"] = "line_count"
    line_id: Slug
    direction: Direction | None = None
    labels: tuple[Label, ...] = ()
    at_least: int = Field(ge=1)


class ZoneCount(Body):
    """The most people at once in one zone in one clip, as more than one frame has it (`ZonePeople.people_max`)."""

    kind: Literal["zone_count"] = "zone_count"
    zone_id: Slug
    at_least: int = Field(ge=1)


class Incident(Body):
    """An incident that begins, of the rules named (all of them when none is)."""

    kind: Literal["incident"] = "incident"
    rules: tuple[IncidentName, ...] = ()
    at_least: int = Field(default=50, ge=1, le=100)
    """The confidence in it, in hundredths."""


Condition = LineCount | ZoneCount | Incident


class Rule(Body):
    """When a fact is worth an operator's attention."""

    rule_id: Slug
    version: int = Field(default=1, ge=1)
    title: str = Field(min_length=1, max_length=200)
    severity: Severity = Severity.WARNING
    camera_id: CameraId
    condition: Condition = Field(discriminator="kind")
    cooldown_seconds: int = Field(default=300, ge=1, le=86_400)
    """One alert per rule and stretch of capture time of this length, however many facts meet the condition; but of
    incidents, which have a cool-down of their own, one alert each."""


class Alert(Document):
    """One call on an operator's attention, with the fact that caused it."""

    alert_id: str
    rule_id: str
    rule_version: int
    title: str
    severity: Severity
    camera_id: CameraId
    unit_id: str
    owner_id: str | None = None
    """Whose camera it was then; None in alerts from before this was written down."""
    fact_id: str
    fact_type: str
    value: int
    at_least: int
    capture_start: Moment
    capture_end: Moment
    raised_at: Moment
    state: AlertState = AlertState.NEW
    acknowledged_by: str | None = None
    acknowledged_at: Moment | None = None
    note: str | None = None
    incident_id: str | None = None
    """The incident that it is about, if it is about one."""


class AlertRaised(Fact):
    """An alert stands open."""

    TYPE: ClassVar[str] = "watch.alert.raised.v1"

    camera_id: CameraId
    alert: Alert


class AlertAcknowledged(Fact):
    """Somebody has taken an alert; `alert.acknowledged_by` is the subject of their token, never a name."""

    TYPE: ClassVar[str] = "watch.alert.acknowledged.v1"

    camera_id: CameraId
    alert: Alert
