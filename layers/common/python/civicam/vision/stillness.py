"""Which samples need not be decoded: what moves must be coded, so the sizes of the packets tell where nothing did."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from civicam.vision.sampling import Plan, Timeline

WINDOW_S = 0.36
"""Sizes are summed over so much time: predicted frames of several kinds take turns, and an encoder's mood evens out."""
QUIET_QUANTILE = 0.2
"""A clip's own quiet level: what a fifth of its windows do not exceed..."""
LOUD_FACTOR = 1.5
"""... is left by whoever moves: by this factor..."""
LOUD_KEY_SHARE = 0.004
"""... and by this share of a key frame: an empty packet of 30 bytes may well have 50."""
CREDIBLE_KEY_SHARE = 0.05
"""A predicted frame that never costs less than this share of a key frame tells nothing: there is always something that
moves, or the encoder fills up what it was allotted (constant bit rate)."""
STRETCH_S = 10.0
"""The longest time for which the packets are believed, between two frames that were decoded and agree."""
FEWEST = 10
"""A clip with fewer predicted frames has no level of its own."""


class Stretches:
    """Runs of samples that the packets call still. The last key frame of each is decoded, and must agree."""

    def __init__(self, timeline: Timeline, plan: Plan) -> None:
        self._times, self._indices = timeline.times, plan.indices
        self._keys = np.flatnonzero(timeline.keyframes)
        self._still = still_samples(timeline, plan)
        self._sure_until = 0

    def pass_over(self, place: int, agrees: Callable[[int], bool]) -> bool:
        """Whether the sample at this place of the plan need not be decoded.

        `agrees` decodes a key frame further on and says whether it shows what the last decoded frame did. Where it
        does not, something moved without a sound, and the whole stretch is decoded.
        """
        if place < self._sure_until:
            return True
        end = self._end(place)
        witness = self._keys[np.searchsorted(self._keys, self._indices[end], "right") - 1] if end > place else -1
        if end <= place or witness < self._indices[place]:
            return False
        if agrees(int(witness)):
            self._sure_until = end + 1
            return True
        self._still[place : end + 1] = False
        return False

    def _end(self, place: int) -> int:
        """The last sample of the stretch that begins here; the one before, where none does."""
        end = place - 1
        while end + 1 < self._still.size and self._still[end + 1] and self._lasts(place, end + 1):
            end += 1
        return end

    def _lasts(self, begin: int, end: int) -> bool:
        since = self._times[self._indices[max(0, begin - 1)]]
        return bool(self._times[self._indices[end]] - since <= STRETCH_S)


def still_samples(timeline: Timeline, plan: Plan) -> NDArray[np.bool_]:
    """For each sample whether no packet since the one before it, and just after it, was louder than this clip's quiet.

    The packets just after count because a key frame hides what moved within its own time.
    """
    places = list(plan.indices)
    loud = _loud(timeline)
    if loud is None or not places:
        return np.zeros(len(places), np.bool_)
    so_far = np.concatenate(([0], np.cumsum(loud)))
    reach = _window(timeline)
    ends = np.minimum(np.array(places) + 1 + reach, loud.size)
    begins = np.array([0, *places[:-1]])
    still: NDArray[np.bool_] = so_far[ends] == so_far[begins]
    still[0] = False
    return still


def _loud(timeline: Timeline) -> NDArray[np.bool_] | None:
    """Which frames lie in a window that is louder than the clip's quiet; None where sizes tell nothing."""
    predicted = ~timeline.keyframes
    if not timeline.sizes.size or np.count_nonzero(predicted) < FEWEST or not timeline.keyframes.any():
        return None
    key = float(np.median(timeline.sizes[timeline.keyframes]))
    # A key frame stands for a quiet frame of its place: it would drown what is around it.
    sizes = np.where(predicted, timeline.sizes, np.median(timeline.sizes[predicted])).astype(np.float64)
    window = _window(timeline)
    mean = np.convolve(np.pad(sizes, window // 2, "edge"), np.ones(window) / window, mode="valid")
    quiet = float(np.quantile(mean, QUIET_QUANTILE))
    if quiet > CREDIBLE_KEY_SHARE * key:
        return None
    loud: NDArray[np.bool_] = mean > max(LOUD_FACTOR * quiet, quiet + LOUD_KEY_SHARE * key)
    return loud


def _window(timeline: Timeline) -> int:
    """Frames in a window: an odd number, so that it has a middle."""
    return 1 + 2 * max(0, round(WINDOW_S / timeline.spacing_s / 2))
