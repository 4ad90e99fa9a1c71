"""A replay's words: what was asked for, what it will take, its batches, and what became of each."""

from typing import Literal, Self

from pydantic import Field, JsonValue, model_validator

from civicam.contracts.base import Body, Document, Moment
from civicam.contracts.ids import CameraId, Slug

ReplayState = Literal["planned", "running", "stopped", "failed", "finished"]


class Overrides(Body):
    """What a replay changes against the way its clips were judged first."""

    models: dict[Literal["objects", "faces"], Slug] = Field(default_factory=dict)
    """By pass. Where one is named every pass looks anew, the other by the city's own; else stored boxes serve."""
    parameters: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    """By analytic, laid over those of each camera's profile."""


class ReplayWish(Body):
    """What somebody asks for: the clips of these cameras that begin at or after `start` and before `end`."""

    start: Moment
    end: Moment
    cameras: tuple[CameraId, ...] = ()
    """All of the city's where none is named."""
    overrides: Overrides = Overrides()

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if self.end <= self.start:
            raise ValueError("`end` must be after `start`")
        return self


class Refusal(Document):
    """Why something cannot be replayed: whoever asked has to ask otherwise, so it is an answer and no failure."""

    refused: str
    """The reason, as `Rejected` has it."""
    message: str


class Estimate(Document):
    """What a replay takes at most: as if something moved in every sampled frame."""

    clips: int
    clip_seconds: float
    cpu_seconds: float
    vcpu_hours: float
    """With the start of each batch's task."""
    usd: float
    prices_of: str
    """Region and month of the list prices behind `usd`."""


class Batch(Document):
    """One task's work: a camera's clips that begin at or after `start` and before `end`."""

    batch: int = Field(ge=0)
    camera_id: CameraId
    start: Moment
    end: Moment
    clips: int
    clip_seconds: float


class BatchOrder(Document):
    """What the state machine tells a task."""

    run: Slug
    attempt: int
    """How often the replay was started: a task of an earlier start, should it still be there, does nothing."""
    batch: Batch


class ClipFailure(Document):
    """A clip that the replay could not judge, and why."""

    clip_id: str
    capture_start: Moment
    reason: str
    message: str


class BatchDone(Document):
    """A batch that has come to its end."""

    batch: int
    camera_id: CameraId
    clips: int
    failed: int = 0
    failures: tuple[ClipFailure, ...] = ()
    """The first of them: an item of a table holds 400 KB."""
    finished_at: Moment


class Replay(Document):
    """A replay: its id is the `run` of its facts."""

    run: Slug
    wish: ReplayWish
    estimate: Estimate
    batches: int
    planned_at: Moment
    attempt: int = 0
    """0 before its first start."""
    stopped: bool = False
