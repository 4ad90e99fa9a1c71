"""What is said between the sandbox and its helper: a request (with two descriptors) there, a verdict back."""

from enum import IntEnum

from pydantic import Field

from civicam.contracts.base import Body, Document, Moment
from civicam.vision.admission import DEFAULT_LIMITS, Limits

MESSAGE_BYTES = 65_536


class SampleRequest(Body):
    """What the sandbox is asked for; the footage itself comes as an open file.

    Frames lie on the grid k / `fps` of absolute capture time; `every_frame` keeps them all, without grid and gate.
    Where `capture_end` is stated, a clip must be about as long, and a series' coverage is measured against it.
    """

    media_type: str
    capture_start: Moment
    capture_end: Moment | None = None
    fps: float = Field(gt=0, le=1000)
    asked_fps: float | None = Field(default=None, gt=0, le=1000)
    """The rate that was wanted, where `fps` is less because too much waits: coverage is measured against it."""
    every_frame: bool = False
    limits: Limits = DEFAULT_LIMITS

    @property
    def declared_seconds(self) -> float | None:
        """How long the footage is said to last, if anybody said it."""
        return (self.capture_end - self.capture_start).total_seconds() if self.capture_end else None


class Ended(IntEnum):
    """How a child ended that ended by itself."""

    PACKED = 0
    REJECTED = 3  # the result is {"reason", "message"}
    FAULTY = 4  # the result is a traceback: a fault of ours
    OUT_OF_MEMORY = 5
    PACK_TOO_LARGE = 6


class Verdict(Document):
    """What became of a child: its exit status (minus the signal that ended it), and whether time ran out."""

    status: int
    ran_out_of_time: bool = False
