"""The circuit breaker of one source: who fails again and again is left alone for a while, longer each time."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field

from civicam.backbone.backoff import Backoff
from civicam.contracts.base import Document, Moment
from civicam.contracts.errors import Unavailable
from civicam.contracts.ids import digest

OPENS_AFTER = 3
"""Failures in a row. A dead camera is to be known within three of its intervals, and health looks at it as long."""
PAUSE = Backoff(first_seconds=120, longest_seconds=600)
"""How long a source is left alone. The longest is what an owner waits who has just mended the camera."""


class CircuitState(StrEnum):
    """Whether a source is read."""

    CLOSED = "closed"  # as planned
    OPEN = "open"  # not at all
    HALF_OPEN = "half_open"  # once, to see whether it is back


class Circuit(Document):
    """What is remembered of a source's failures; the empty one is closed."""

    failures: int = Field(default=0, ge=0)
    """In a row, up to now."""
    until: Moment | None = None
    """When the source may be tried again, where it is left alone."""

    def state(self, at: datetime) -> CircuitState:
        """Where the breaker stands at that time."""
        if self.until is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if at < self.until else CircuitState.HALF_OPEN

    def failed(self, camera_id: str, at: datetime, asked_seconds: int | None = None) -> Self:
        """The circuit after one more failure; the source may have asked for a longer pause.

        A failure while it is open changes nothing: it was asked for before. The jitter is the camera's and the
        failure's own, so that who fails together does not return together and a plan made twice is the same.
        """
        if self.state(at) is CircuitState.OPEN:
            return self
        failures = self.failures + 1
        if failures < OPENS_AFTER:
            return type(self)(failures=failures)
        chance = int(digest("pause", camera_id, str(failures))[:8], 16) / 0xFFFFFFFF
        asked = Unavailable("the source cannot be used", asked_seconds)
        pause = PAUSE.wait_seconds(asked, failures - OPENS_AFTER + 1, chance=chance)
        return type(self)(failures=failures, until=at + timedelta(seconds=pause))


CLOSED = Circuit()
