"""Which model suits the footage: the best ranked, unless its boxes miss what moves and another's do not.

No model is best everywhere: one that was trained on streets sees no car from straight above. What moved is known
without any model, so it judges them. What stands judges nobody: a model that finds the parked cars is no worse.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from civicam.contracts.vision import Box
from civicam.vision.boxes import Size

FRAMES = 12
"""Frames that are looked at, spread over the footage: enough for a median that shows the empty scene."""
FRAMES_MIN = 5
WIDTH = 160
"""Pixels across of the small pictures that are compared."""
DIFFERENCE = 25
"""Steps of 255 by which a moved pixel differs from the scene, beyond what the whole picture brightened."""
PANEL_FRAMES_MAX = 9000
"""Frames from which on one model looks alone: half an hour at five a second, which takes a panel as long or longer."""
AS_GOOD = 0.75
"""Share of the best cover from which on a model counts as equally good, so that the better ranked one is taken."""
EXPLAINED = 0.3
"""Where no model covers as much, it is not things that move (the camera does, or the light), and the rank decides.
Right boxes of moving things cover 0.4 to 0.65."""
MOVING = 0.2
"""Share of a box's area that has moved where the thing in it moves."""

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def spread(count: int) -> list[int]:
    """The places, among `count` frames, of those that are looked at."""
    return sorted({round(place) for place in np.linspace(0, count - 1, FRAMES)})


def moving(pictures: Sequence[Grey]) -> list[Mask]:
    """Where each small picture differs from the median of all: what is not always there."""
    stack = np.stack(pictures).astype(np.int16)
    return list(_differing(stack - np.median(stack, axis=0)))


def share_changed(before: Grey, after: Grey, box: Box, source: Size) -> float:
    """Share of a box's area in which two small pictures differ."""
    changed = _differing(after.astype(np.float64) - before)[_place(box, after.shape, source)]
    return float(changed.mean()) if changed.size else 0.0


def _differing(change: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where pictures differ from others by more than they do as a whole."""
    differing: NDArray[np.bool_] = np.abs(change - np.median(change, axis=(-2, -1), keepdims=True)) > DIFFERENCE
    return differing


def cover(moved: Sequence[Mask], boxes: Sequence[Sequence[Box]], source: Size) -> float:
    """Intersection over union of all that moved and all boxes of moving things; 0 where there is neither."""
    shared = union = 0
    for mask, found in zip(moved, boxes, strict=True):
        boxed = np.zeros(mask.shape, np.bool_)
        for place in (_place(box, mask.shape, source) for box in found):
            boxed[place] |= bool(mask[place].size and mask[place].mean() >= MOVING)
        shared += int((mask & boxed).sum())
        union += int((mask | boxed).sum())
    return shared / union if union else 0.0


def _place(box: Box, shape: tuple[int, ...], source: Size) -> tuple[slice, slice]:
    """Where a box lies in a small picture: rows and columns."""
    across, down = shape[1] / source[0], shape[0] / source[1]
    x1, y1, x2, y2 = box.xyxy
    return slice(int(y1 * down), int(np.ceil(y2 * down))), slice(int(x1 * across), int(np.ceil(x2 * across)))


def best(covers: Mapping[str, float]) -> str:
    """The first of the models, which stand best ranked first, that covers about as much as the best does."""
    most = max(covers.values())
    most = most if most >= EXPLAINED else 0.0
    return next(name for name, covered in covers.items() if covered >= AS_GOOD * most)
