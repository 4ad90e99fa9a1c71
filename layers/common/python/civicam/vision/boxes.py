"""Boxes as arrays: how a picture lies on a detector's canvas, overlap, and which of many boxes stay."""

from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Pixels = NDArray[Any]
"""A batch of canvases: floats that are normalised, or bytes as pictures have them."""
Size = tuple[int, int]
"""Width and height in pixels."""

STRIDE = 32
"""Convolutional detectors halve their canvas five times: its sides are multiples of this."""


@dataclass(frozen=True)
class Fit:
    """Where a picture lies on a canvas: its content fills `content` pixels from the top left corner."""

    canvas: Size
    content: Size

    def to_source(self, xyxy: Floats, source: Size) -> Floats:
        """Boxes (n, 4) from pixels of the canvas to pixels of the source picture, clipped to it."""
        scale = np.array([source[0] / self.content[0], source[1] / self.content[1]] * 2, np.float32)
        scaled: Floats = np.clip(xyxy * scale, 0, np.array([*source, *source], np.float32))
        return scaled


def stretch(canvas: Size) -> Fit:
    """The picture fills the whole canvas, whatever its proportions."""
    return Fit(canvas, canvas)


def letterbox(picture: Size, canvas: Size) -> Fit:
    """The picture in its proportions, as large as the canvas takes."""
    ratio = min(canvas[0] / picture[0], canvas[1] / picture[1])
    return Fit(canvas, (max(1, round(picture[0] * ratio)), max(1, round(picture[1] * ratio))))


def canvas_for(picture: Size, pixels: int) -> Size:
    """A canvas of the picture's own proportions and at most about `pixels` in area, its sides multiples of STRIDE.

    The longer side is rounded down and the shorter one up, so that 16:9 on 480 x 832 gives exactly that, and an
    upright picture an upright canvas. Proportions beyond 4:1 are padded.
    """
    aspect = min(4.0, max(picture) / min(picture))
    long_side = max(STRIDE, floor(sqrt(pixels * aspect) / STRIDE) * STRIDE)
    short_side = max(STRIDE, ceil(long_side / aspect / STRIDE) * STRIDE)
    return (long_side, short_side) if picture[0] >= picture[1] else (short_side, long_side)


@dataclass(frozen=True)
class Candidates:
    """What a decoder read from a network's output: boxes (n, 4) in pixels of the canvas, scores and classes (n,)."""

    xyxy: Floats
    scores: Floats
    classes: Ints

    def __len__(self) -> int:
        return len(self.scores)

    def chosen(self, which: NDArray[np.bool_] | Ints) -> "Candidates":
        """Those that a mask or a list of places names."""
        return Candidates(self.xyxy[which], self.scores[which], self.classes[which])

    @classmethod
    def joined(cls, parts: "list[Candidates]") -> "Candidates":
        """All of them, in order; none where there are no parts."""
        if not parts:
            return cls(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64))
        return cls(
            np.concatenate([part.xyxy for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.classes for part in parts]),
        )


def overlaps(one: Floats, many: Floats) -> Floats:
    """Intersection over union of one box (4,) with many (n, 4); 0 where both have no area."""
    (left, top, right, bottom), (lefts, tops, rights, bottoms) = one, many.T
    width = np.minimum(right, rights) - np.maximum(left, lefts)
    height = np.minimum(bottom, bottoms) - np.maximum(top, tops)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    union = (right - left) * (bottom - top) + (rights - lefts) * (bottoms - tops) - shared
    share: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return share


def suppress(found: Candidates, groups: Ints, iou: float) -> Candidates:
    """Greedy non-maximum suppression within each group: of boxes that overlap by more than `iou` the best stays.

    `groups` (n,) says what competes with what: a lorry seen as `car` and as `truck` is one vehicle. The result is in
    descending order of score; equal scores keep their order.
    """
    order = np.argsort(-found.scores, kind="stable")
    keep: list[int] = []
    while order.size:
        best, rest = order[0], order[1:]
        keep.append(int(best))
        rival = groups[rest] == groups[best]
        order = rest[~(rival & (overlaps(found.xyxy[best], found.xyxy[rest]) > iou))]
    return found.chosen(np.array(keep, np.int64))


FitKind = Literal["stretch", "letterbox"]


def fit(kind: FitKind, picture: Size, canvas: Size) -> Fit:
    """The picture laid on the canvas in the way that a network was trained with."""
    return stretch(canvas) if kind == "stretch" else letterbox(picture, canvas)
