"""A fact and the envelope it travels in: CloudEvents 1.0, JSON, on EventBridge."""

import json
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import Field, ValidationError

from civicam.contracts.base import Document, Moment, now
from civicam.contracts.errors import Rejected
from civicam.contracts.ids import LIVE, CameraId, event_id


class Fact(Document):
    """Something that happened, in the past tense. A fact carries ids and measures: no image, no template, no name."""

    TYPE: ClassVar[str]
    """Its name on the wire, such as `vision.vehicles.counted.v1`."""

    fact_id: str
    revision: int = Field(default=0, ge=0)
    run: str = LIVE

    @property
    def subject(self) -> str:
        """What the fact is about, for routing and reading: the camera unless a subclass says otherwise."""
        return str(getattr(self, "camera_id", ""))


class ClipFact(Fact):
    """A fact judged from one clip: when, how well seen, and by what."""

    camera_id: CameraId
    clip_id: str
    capture_start: Moment
    capture_end: Moment
    clock_quality: str
    ingested_at: Moment
    judged_at: Moment
    sampling_fps: float = Field(ge=0)
    coverage: float = Field(ge=0, le=1)
    """Share of the clip's seconds that were really looked at."""
    conditions: tuple[str, ...] = ()
    """What was wrong with the view (`vision.Condition`): each lowers the confidence or the coverage."""
    suspended: str | None = None
    """Why the camera's lines and zones were not applied, where they were not (`vision.Suspension`)."""
    confidence: float = Field(ge=0, le=1)
    model_digest: str
    precision: str = ""
    """The arithmetic that the model ran in, `f32` or `bf16`: the boxes of the two differ by a few in a hundred."""
    rules_digest: str
    profile_version: int

    @property
    def about(self) -> str:
        """What tells it from the other facts of its type in its clip; empty where a clip has one."""
        return ""

    def withdrawn(self) -> Self | None:
        """What is told in its place once a later judgement finds nothing of it; None where each clip has one anyway."""
        return None


F = TypeVar("F", bound=Fact)


class CloudEvent(Document, Generic[F]):
    """CloudEvents 1.0 around one fact. `source` is `civicam/<word>`."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: Moment
    datacontenttype: Literal["application/json"] = "application/json"
    data: F

    @classmethod
    def of(cls, fact: F) -> Self:
        """The fact in its envelope; the id is the fact's (with the revision behind it when there is one)."""
        return cls(
            id=event_id(fact.fact_id, fact.revision),
            source=f"civicam/{fact.TYPE.split('.')[0]}",
            type=fact.TYPE,
            subject=fact.subject,
            time=now(),
            data=fact,
        )


def read_fact(raw: str | dict[str, Any], kind: type[F]) -> CloudEvent[F]:
    """The envelope with a fact of the kind that the reader knows.

    A field that a newer writer added is ignored; another type or version, and a missing field, raise Rejected
    (`unknown_fact`, `malformed_fact`).
    """
    document = json.loads(raw) if isinstance(raw, str) else raw
    if document.get("type") != kind.TYPE:
        raise Rejected("unknown_fact", f"this reader takes {kind.TYPE}, not {document.get('type')!r}")
    try:
        return CloudEvent[kind].model_validate(document)  # type: ignore[valid-type]
    except ValidationError as error:
        raise Rejected(
            "malformed_fact", f"{kind.TYPE}: {error.errors(include_url=False, include_input=False)}"
        ) from error
