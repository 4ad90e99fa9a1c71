"""Which model suits the footage: the one whose boxes best cover what moves in it.

No model is best everywhere: one that was trained on streets sees no car from straight above. What moved is known
without any model, so it judges them. Measured on the shared clips (share covered of boxes and movement together):
car park from above 0.45 for crossroad-0078, 0.09 and 0.08 for PicoDet-s and YOLOX-nano; a junction at night 0.14
against 0.21 and 0.21; walkers on a campus 0.38, 0.36, 0.38.
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
AS_GOOD = 0.8
"""Share of the best cover from which on a model counts as equally good, so that the better ranked one is taken."""

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def spread(count: int) -> list[int]:
    """The places, among `count` frames, of those that are looked at."""
    return sorted({round(place) for place in np.linspace(0, count - 1, FRAMES)})


def moving(pictures: Sequence[Grey]) -> list[Mask]:
    """Where each small picture differs from the median of all: what is not always there."""
    stack = np.stack(pictures).astype(np.int16)
    change = stack - np.median(stack, axis=0)
    brighter = np.median(change, axis=(1, 2), keepdims=True)
    return list(np.abs(change - brighter) > DIFFERENCE)


def cover(moved: Sequence[Mask], boxes: Sequence[Sequence[Box]], source: Size) -> float:
    """Intersection over union of all that moved and all that was boxed; 0 where there is neither."""
    shared = union = 0
    for mask, found in zip(moved, boxes, strict=True):
        boxed = _painted(found, mask.shape, source)
        shared += int((mask & boxed).sum())
        union += int((mask | boxed).sum())
    return shared / union if union else 0.0


def _painted(boxes: Sequence[Box], shape: tuple[int, ...], source: Size) -> Mask:
    mask = np.zeros(shape, np.bool_)
    across, down = shape[1] / source[0], shape[0] / source[1]
    for box in boxes:
        x1, y1, x2, y2 = box.xyxy
        mask[int(y1 * down) : int(np.ceil(y2 * down)), int(x1 * across) : int(np.ceil(x2 * across))] = True
    return mask


def best(covers: Mapping[str, float]) -> str:
    """The first of the models, which stand best ranked first, that covers about as much as the best does."""
    most = max(covers.values())
    return next(name for name, covered in covers.items() if covered >= AS_GOOD * most)
