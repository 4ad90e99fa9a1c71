"""What the pictures of one clip tell of its view: which show anything, how well one sees, and what lies where."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from civicam.contracts.vision import Condition
from civicam.vision.conditions import SETTINGS, Glimpse, burnt, clarity, glimpse, useless
from civicam.vision.outline import Fields, Outline, is_same_view, outline, settled
from civicam.vision.sampling import Luma, small

OUTLINE_S, GLIMPSE_S = 0.9, 1.9
"""How often the outline is taken, and clarity measured: a camera is turned within seconds, weather does not change from
frame to frame. A measure of clarity costs a tenth of decoding a key frame, an outline a fiftieth."""
GLIMPSES = 5
"""A short clip's clarity is measured more often, so that it rests on as many pictures: a mast in the wind must be seen
to come back."""
FROZEN_S = 8.0
"""A picture that repeats itself to the last bit for so long is no view: a sensor's noise never does, however still the
scene. Key frames alone are compared, because a predicted frame may say `as before` of a view that lives."""
FROZEN_SAMPLES = 3
OUTLINE_LOOKS, OUTLINE_SPAN_S = 5, 8.0
"""A clip has an outline when it was sampled so often over so long: what passes has passed by then."""
TURNED_LOOKS = 3
"""What passes quickly is not in all of so many looks in a row: they show the view of their seconds..."""
TURNED_BELOW = 0.4
"""... and another view than the clip's where they are so unlike it: cars that fill half of the picture leave 0.5."""


class Sight:
    """Takes in the pictures of one clip in the order of time."""

    def __init__(self, spacing_s: float, duration_s: float) -> None:
        """`spacing_s`: seconds between two samples; a source that is read faster than it renews stands for a few."""
        self._frozen_s = max(FROZEN_S, FROZEN_SAMPLES * spacing_s)
        self._glimpse_s = min(GLIMPSE_S, max(OUTLINE_S, duration_s / GLIMPSES))
        self._seen: list[Glimpse] = []
        self._next_glimpse_s = self._next_outline_s = 0.0
        self._outlines: list[Fields] = []
        self._useless: set[Condition] = set()
        self._standing: NDArray[np.uint8] | None = None
        self._stands_since = self._stands_until = 0.0

    def shows(self, luma: Luma, time_s: float) -> bool:
        """Whether a picture shows anything that a detector could look at: not a black one, nor a covered one."""
        picture = small(luma)
        wrong = useless(picture)
        if wrong:
            self._useless.add(wrong)
            if burnt(picture) >= SETTINGS.burnt_share:
                self._useless.add("overexposed")
            return False
        if time_s >= self._next_glimpse_s:
            self._next_glimpse_s = time_s + self._glimpse_s
            self._seen.append(glimpse(luma))
        if time_s >= self._next_outline_s:
            self._next_outline_s = time_s + OUTLINE_S
            self._outlines.append(outline(picture))
        return True

    def compare(self, keyframe: Luma, time_s: float) -> None:
        """Take note of a key frame: from here on it is known whether the view stood until then."""
        thin = keyframe[::4, ::2].copy()
        if self._standing is None or not np.array_equal(self._standing, thin):
            self._standing, self._stands_since = thin, time_s
        self._stands_until = time_s

    def is_frozen(self, time_s: float) -> bool:
        """Whether the picture at that time, up to the last key frame compared, repeats one that has stood too long."""
        stood = self._stands_until - self._stands_since
        frozen = stood >= self._frozen_s and self._stands_since < time_s <= self._stands_until
        if frozen:
            self._useless.add("frozen")
        return frozen

    def told(self, width: int) -> tuple[tuple[Condition, ...], float]:
        """The clip's conditions and its clarity (0 where no picture showed anything); `width` in pixels."""
        if not self._seen:
            return tuple(sorted(self._useless)), 0.0
        clear, wrong = clarity(self._seen, width)
        return tuple(sorted({*self._useless, *wrong})), clear

    def turned(self) -> bool:
        """Whether some seconds of the clip show another view than the clip as a whole: then the camera was turned."""
        whole, looks = settled(self._outlines), self._outlines
        last = len(looks) - TURNED_LOOKS
        rows = (looks[place : place + TURNED_LOOKS] for place in (*range(0, last, TURNED_LOOKS), max(0, last)))
        return last > 0 and not all(is_same_view(whole, settled(row), TURNED_BELOW) for row in rows)

    def outline(self, looked_s: Iterable[float]) -> Outline:
        """The view's outline, where the sampled instants are enough for one."""
        instants = sorted(looked_s)
        enough = len(instants) >= OUTLINE_LOOKS and instants[-1] - instants[0] >= OUTLINE_SPAN_S
        return settled(self._outlines) if enough else ()
