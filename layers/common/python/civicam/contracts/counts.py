"""What a person counted by hand at a camera, and how far the city's own counts were from it."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from civicam.contracts.base import Body, Document, Moment
from civicam.contracts.ids import CameraId, Slug
from civicam.contracts.vision import Direction, Label


class Tally(Body):
    """How many crossed one line in one direction: of one label, or of all of them."""

    line_id: Slug
    direction: Direction
    label: Label | None = None
    count: int = Field(ge=0, le=100_000)


class CountSheet(Body):
    """What a person noted down while watching a stretch of a camera's footage. What was not seen is noted as 0."""

    start: Moment
    minutes: int = Field(default=15, ge=1, le=60)
    tallies: tuple[Tally, ...] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _counts_nothing_twice(self) -> Self:
        known: dict[tuple[str, str], list[Label | None]] = {}
        for tally in self.tallies:
            known.setdefault((tally.line_id, tally.direction), []).append(tally.label)
        for (line_id, direction), labels in known.items():
            if len(set(labels)) < len(labels) or (None in labels and len(labels) > 1):
                raise ValueError(f"line {line_id}, {direction}: give each label once, or one tally of all of them")
        return self

    @property
    def end(self) -> Moment:
        """When the person stopped counting."""
        return self.start + timedelta(minutes=self.minutes)


class Deviation(Document):
    """The city's count beside a person's. The error is the city's share above (or below) the person's."""

    by_hand: int
    by_city: float
    """A clip that lies only partly in the stretch counts in proportion."""
    error_share: float | None
    """by_city / by_hand - 1; null where the person counted none."""
    error_low: float | None
    """With this and error_high, an interval of 95 % (`civicam.cameras.counting`); null where there is no bound."""
    error_high: float | None


class Checked(Deviation):
    """One tally beside the city's count of the same."""

    line_id: str
    direction: Direction
    label: Label | None


class ManualCount(Document):
    """A person's count of a stretch, and what the city had counted there when it was filed."""

    count_id: str
    camera_id: CameraId
    start: Moment
    end: Moment
    tallies: tuple[Checked, ...]
    total: Deviation
    covered: float = Field(ge=0, le=1)
    """Share of the stretch that the city had looked at."""
    counted_by: str
    """Subject of the token of whoever filed it, never a name; `command-line` where it was filed there."""
    filed_at: Moment
