"""Which frames of a clip are looked at: a grid of absolute capture time, then a gate that drops what did not move.

Both are made so that a clip and the same clip cut in pieces give the same frames: the grid starts at the epoch, not
at the clip, and the gate looks back only as far as the frame before, and the frame at the last two-second mark.
"""

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
"""Seconds from the clip's start, ascending, the first one 0."""
Luma = NDArray[np.uint8]

CLOCK_TOLERANCE_S = 0.002
"""Capture times are whole milliseconds on the wire: a frame this little before a grid instant counts as being on it."""
HELD_FOR = 1.5
"""A frame speaks for the time until the next one, at most this many spacings: what is beyond was not covered."""
MARK_SECONDS = 2.0
"""How often a frame is also compared with the one at the mark before, or the last one that moved since: so slow drift
is seen."""
LINGER_FRAMES, LINGER_S = 2, 1.0
"""Frames kept after the last one that moved, so that what stopped is seen where it stands; none where samples lie so
far apart: a frame that shows what the one before it did shows no detector anything else."""
MOVED_LEVELS = 12
"""A cell of the small picture has changed when its luma differs by this much: above sensor noise and re-encoding."""
MOVED_SHARE = 0.0003
"""A frame has moved when this share of its cells changed (4 of 160x90: a motorcycle some 12 pixels high at 640)."""


@dataclass(frozen=True)
class Timeline:
    """When footage has frames, before any is decoded."""

    times: Times
    keyframes: NDArray[np.bool_]
    """Which of them can be decoded by themselves."""
    duration_s: float
    sizes: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Bytes of each coded frame; none where they tell nothing, as in a series of pictures."""

    @property
    def spacing_s(self) -> float:
        """Seconds between two frames: the median, which a gap does not disturb; all of it where there is but one."""
        return _spacing(self.times, self.duration_s)


@dataclass(frozen=True)
class Plan:
    """The frames to look at, by index from 0 in the order of time."""

    indices: tuple[int, ...]
    keyframes_only: bool
    """Every one of them can be decoded by itself, so the frames between need not be."""
    spacing_s: float
    """Seconds between two samples when nothing is missing: the grid's step, or the source's where that is longer."""


def plan_every_frame(timeline: Timeline) -> Plan:
    """All of them."""
    return Plan(tuple(range(timeline.times.size)), False, timeline.spacing_s)


def plan_samples(timeline: Timeline, capture_start: datetime, fps: float) -> Plan:
    """The first frame at or after each grid instant k / `fps` of absolute time; at least one frame, if there is any.

    Where key frames lie densely enough for the rate, they alone are taken: a quarter of the decoding, or less
    (models/SPEED: 0.20 instead of 0.87 CPU seconds for 10 s of 1080p25).
    """
    step, times = 1.0 / fps, timeline.times
    gaps = np.diff(times[timeline.keyframes], append=timeline.duration_s)
    # One key frame alone tells nothing of the source: a short last piece must sample as the pieces before it did.
    keyframes_only = bool(gaps.size > 1 and gaps.max() <= step + CLOCK_TOLERANCE_S)
    candidates = np.flatnonzero(timeline.keyframes) if keyframes_only else np.arange(times.size)
    chosen = candidates[_on_grid(times[candidates], capture_start, fps)]
    chosen = chosen if chosen.size else candidates[:1]
    return Plan(tuple(int(index) for index in chosen), keyframes_only, max(step, timeline.spacing_s))


def _spacing(times: Times, otherwise: float) -> float:
    steps = np.diff(times)
    median = float(np.median(steps)) if steps.size else 0.0
    return median if median > 0 else otherwise


def _on_grid(times: Times, capture_start: datetime, fps: float) -> NDArray[np.bool_]:
    """True where a grid instant lies after the frame before and not after this one.

    Before a clip's first frame stands, as far as one can know, a frame one spacing earlier: so a piece of a clip
    decides as the whole does.
    """
    if not times.size:
        return np.zeros(0, dtype=np.bool_)
    before = times[:1] - _spacing(times, 1.0 / fps)
    at = capture_start.timestamp() + CLOCK_TOLERANCE_S + np.concatenate((before, times))
    return np.diff(np.floor(at * fps)) > 0


def coverage(times: Times, duration_s: float, spacing_s: float) -> float:
    """Share of `duration_s` that the frames at `times` speak for, 0..1; 0 without frames."""
    if not times.size or duration_s <= 0:
        return 0.0
    held = np.diff(times, prepend=0.0, append=duration_s)
    return float(min(1.0, np.minimum(held, HELD_FOR * spacing_s).sum() / duration_s))


def small(luma: Luma) -> NDArray[np.int16]:
    """The picture at 160 to 320 cells across, each the mean of 2x2 samples: cheap, and calmer than single pixels."""
    step = max(1, luma.shape[1] // 320)
    thin = luma[::step, ::step]
    even = thin[: max(1, thin.shape[0] // 2 * 2), : max(1, thin.shape[1] // 2 * 2)].astype(np.int16)
    if min(even.shape) < 2:
        return even
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) // 4


def has_moved(before: NDArray[np.int16], after: NDArray[np.int16]) -> bool:
    """Whether enough cells differ; pictures of different size have."""
    if before.shape != after.shape:
        return True
    changed = np.count_nonzero(np.abs(after - before) >= MOVED_LEVELS)
    return bool(changed >= max(1.0, MOVED_SHARE * after.size))


class MotionGate:
    """Tells, frame after frame of one clip, which are worth a detector's look. The first one always is."""

    def __init__(self, capture_start: datetime, spacing_s: float) -> None:
        """`spacing_s`: seconds between two samples."""
        self._lingers = LINGER_FRAMES if spacing_s < LINGER_S else 0
        self._start_s = capture_start.timestamp() + CLOCK_TOLERANCE_S
        self._last: NDArray[np.int16] | None = None
        self._at_mark: NDArray[np.int16] | None = None
        self._mark = 0
        self._linger = 0

    @property
    def awaits(self) -> bool:
        """Whether the next frame must be seen although nothing moves there: something did just now."""
        return self._linger > 0

    def agrees(self, luma: Luma) -> bool:
        """Whether a frame further on shows what the last one did."""
        return self._last is not None and not has_moved(self._last, small(luma))

    def keeps(self, luma: Luma, time_s: float) -> bool:
        """Whether this frame moved since the one before or the last mark, or follows closely on one that did."""
        picture = small(luma)
        moved = self._last is None or has_moved(self._last, picture)
        if moved and self._last is not None:
            self._linger = self._lingers + 1
        self._last = picture
        kept = self._drifted(picture, time_s) or moved or self._linger > 0
        if moved:
            self._at_mark = picture
        self._linger = max(0, self._linger - 1)
        return kept

    def _drifted(self, picture: NDArray[np.int16], time_s: float) -> bool:
        mark = int((self._start_s + time_s) // MARK_SECONDS)
        if self._at_mark is not None and mark == self._mark:
            return False
        drifted = self._at_mark is not None and has_moved(self._at_mark, picture)
        self._at_mark, self._mark = picture, mark
        return drifted
