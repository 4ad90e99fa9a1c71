"""What footage can be looked at, and why other footage cannot: the limits, and a stable reason for each refusal.

What needs no look into the file (unknown camera, future, duplicate) is refused earlier, by `civicam.cameras.intake`.
"""

from enum import StrEnum

from pydantic import Field

from civicam.contracts.base import Body
from civicam.contracts.errors import Rejected

MAX_SOURCE_FPS = 120
"""No camera of a city films faster: more frames than this in a second are a bomb, or a broken clock."""
LENGTH_TOLERANCE_S = 2.0
LENGTH_TOLERANCE_SHARE = 0.1


class Reason(StrEnum):
    """Why footage is refused: the word in the fact, in the quarantine's key and in the API."""

    EMPTY = "empty"
    NOT_A_VIDEO = "not_a_video"
    NOT_A_SERIES = "not_a_series"
    NOT_A_LOOK = "not_a_look"
    PLAYLIST = "playlist"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_CODEC = "unknown_codec"
    NO_VIDEO_STREAM = "no_video_stream"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"
    TOO_BIG_PICTURE = "too_big_picture"
    DECOMPRESSION_BOMB = "decompression_bomb"
    WRONG_LENGTH = "wrong_length"


class Limits(Body):
    """How much one piece of footage may be, and how much looking at it may cost."""

    max_bytes: int = Field(default=200_000_000, gt=0)
    max_seconds: float = Field(default=600.0, gt=0)
    max_side: int = Field(default=4096, gt=0)
    """Pixels of the longer side: 4K is taken, 8K is not."""
    max_damaged_share: float = Field(default=0.25, ge=0, le=1)
    """Up to here damaged frames only lower the coverage; beyond, the footage is corrupt."""
    max_pack_bytes: int = Field(default=256_000_000, gt=0)
    cpu_seconds: int = Field(default=90, gt=0)
    wall_seconds: float = Field(default=100.0, gt=0)
    """A machine that gives the decoder no time is no fault of the footage: it is tried again."""
    memory_bytes: int = Field(default=900_000_000, gt=0)
    """What the decoder may take on top of its libraries: the file's packets, and 4K frames of reference."""
    long_side: int = Field(default=832, gt=0)
    """Pixels of the longer side of the pictures that the detectors get: what the street models' canvas has, so that a
    picture is scaled once, by libav. From 1280 Pillow scaled it again, for 8 ms and no box more (measured)."""
    exact: bool = False
    """Whether the pictures are coded at the highest quality by way of RGB, at twice the cost."""

    @classmethod
    def for_workstation(cls) -> "Limits":
        """Wider ones, for a person's own files on a person's own machine (`civicam analyse`)."""
        return cls(
            max_bytes=2_000_000_000,
            max_seconds=3600.0,
            max_pack_bytes=4_000_000_000,
            cpu_seconds=3600,
            wall_seconds=3600.0,
            memory_bytes=6_000_000_000,
            long_side=1280,
            exact=True,
        )


DEFAULT_LIMITS = Limits()


def admit_size(size_bytes: int, limits: Limits) -> None:
    """Raises Rejected (`empty`, `too_large`)."""
    if size_bytes == 0:
        raise Rejected(Reason.EMPTY, "the footage has zero bytes: the upload broke off, send it again")
    if size_bytes > limits.max_bytes:
        raise Rejected(
            Reason.TOO_LARGE,
            f"the footage has {size_bytes} bytes, {limits.max_bytes} are taken: cut it into shorter clips",
        )


def admit_picture(width: int, height: int, limits: Limits) -> None:
    """Raises Rejected (`too_big_picture`, `corrupt`) by the size of the pictures in pixels."""
    if width <= 0 or height <= 0:
        raise Rejected(Reason.CORRUPT, f"pictures of {width}x{height} pixels do not exist: record the clip again")
    if max(width, height) > limits.max_side:
        raise Rejected(
            Reason.TOO_BIG_PICTURE,
            f"pictures of {width}x{height} pixels: up to {limits.max_side} a side are taken, "
            "choose the camera's 4K stream or a smaller one",
        )


def admit_length(duration_s: float, frames: int, limits: Limits) -> None:
    """Raises Rejected (`empty`, `too_long`, `decompression_bomb`) by what the container says it holds."""
    if frames == 0:
        raise Rejected(Reason.EMPTY, "the footage holds no frame: the recorder stopped too early, record it again")
    if duration_s > limits.max_seconds:
        raise Rejected(
            Reason.TOO_LONG, f"the footage lasts {duration_s:.0f} s, {limits.max_seconds:.0f} s are taken: cut it"
        )
    if frames > MAX_SOURCE_FPS * max(1.0, duration_s):
        raise Rejected(
            Reason.DECOMPRESSION_BOMB,
            f"{frames} frames in {duration_s:.1f} s: no camera films so fast, check the recorder's clock",
        )


def admit_damage(damaged: int, frames: int, limits: Limits) -> None:
    """Raises Rejected (`corrupt`) where more of the frames that were tried are damaged than `limits` bears."""
    if damaged > limits.max_damaged_share * frames:
        raise Rejected(
            Reason.CORRUPT, f"{damaged} of {frames} frames are damaged: send the clip again, or check the camera's line"
        )


def admit_declared_length(declared_s: float, measured_s: float) -> None:
    """Raises Rejected (`wrong_length`) where a clip's stated capture times and its content differ by over a tenth."""
    if abs(declared_s - measured_s) > max(LENGTH_TOLERANCE_S, LENGTH_TOLERANCE_SHARE * measured_s):
        raise Rejected(
            Reason.WRONG_LENGTH,
            f"the footage holds {measured_s:.1f} s but is declared as {declared_s:.1f} s: "
            "state capture_start and capture_end as filmed",
        )
