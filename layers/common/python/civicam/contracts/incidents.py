"""Incidents: what a rule suspects is going on in front of a camera, from when to when, and which frames show it."""

from typing import ClassVar, Literal, Self

from pydantic import Field

from civicam.contracts.base import Document, Moment
from civicam.contracts.facts import ClipFact

IncidentName = Literal[
    "stopped_vehicle",
    "wrong_way",
    "congestion",
    "pedestrian_on_carriageway",
    "collision_suspected",
    "crowd_crush_risk",
    "sudden_run",
    "zone_entered_outside_hours",
    "object_left_behind",
]
Phase = Literal["begun", "ended", "withdrawn"]


class EvidenceFrame(Document):
    """Where to look: one frame of a clip. A reference, never a picture."""

    clip_id: str
    index: int = Field(ge=0)
    """Counts the clip's decoded frames from 0."""
    at: Moment


class IncidentSuspected(ClipFact):
    """An incident that began or ended in the clip. Some of one clip may be about the same incident, or about several.

    What a later judgement of the clip no longer finds is told again with the phase `withdrawn`.
    """

    TYPE: ClassVar[str] = "vision.incident.suspected.v1"

    incident_id: str
    """Equal wherever it is the same incident: the key by which readers tell repetitions."""
    rule: IncidentName
    phase: Phase
    start: Moment
    """When the first sign of it was seen, which is before it was announced."""
    end: Moment | None
    """When the last sign of it was seen; null while it goes on."""
    evidence: tuple[EvidenceFrame, ...]
    """A few frames of this clip that show it."""
    zone_id: str | None
    line_id: str | None = None
    track_ids: tuple[str, ...]
    """The tracks that it is about: at most a few."""
    measures: dict[str, float]
    """What was measured, by name with its unit, such as `stood_s`."""

    @property
    def about(self) -> str:
        """The incident, and whether this tells of its beginning or its end."""
        return f"{self.incident_id} {'begun' if self.end is None else 'ended'}"

    def withdrawn(self) -> Self:
        """The same, taken back."""
        return self.model_copy(update={"phase": "withdrawn"})
