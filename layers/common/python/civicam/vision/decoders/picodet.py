"""PP-PicoDet (Yu et al., 2021): a score and four distances, each as a distribution over 8 bins, for each cell."""

import numpy as np

from civicam.vision.boxes import Candidates, Floats
from civicam.vision.decoders.ask import Ask, Outputs, positions

STRIDES = (8, 16, 32, 64)
BINS = 8


def decode_picodet(outputs: Outputs, ask: Ask) -> Candidates:
    """The first half of the outputs holds scores (1, A, 80), the second distributions (1, A, 32), a stride each."""
    maps = list(outputs.values())
    levels = zip(STRIDES, maps[: len(STRIDES)], maps[len(STRIDES) :], strict=True)
    return Candidates.joined([_level(stride, scores[0], sides[0], ask) for stride, scores, sides in levels])


def _level(stride: int, scores: Floats, sides: Floats, ask: Ask) -> Candidates:
    cells, best, classes = ask.best(scores)
    x, y = (axis + 0.5 for axis in positions(cells, ask.canvas, stride))
    left, top, right, bottom = _distances(sides[cells]).T
    xyxy = np.stack([x - left, y - top, x + right, y + bottom], axis=1) * stride
    return Candidates(xyxy.astype(np.float32), best, classes)


def _distances(sides: Floats) -> Floats:
    """The expectation of each distribution, in cells: generalized focal loss (Li et al., 2020)."""
    powers = np.exp(sides.reshape(-1, 4, BINS) - sides.reshape(-1, 4, BINS).max(axis=2, keepdims=True))
    expected: Floats = powers @ np.arange(BINS, dtype=np.float32) / powers.sum(axis=2)
    return expected
