"""YOLOX (Ge et al., 2021): centre, log size, objectness and class scores for each cell of three feature maps."""

import numpy as np

from civicam.vision.boxes import Candidates
from civicam.vision.decoders.ask import Ask, Outputs, cells, corners

STRIDES = (8, 16, 32)


def decode_yolox(outputs: Outputs, ask: Ask) -> Candidates:
    """One output (1, A, 5 + classes), its cells ordered by stride and row by row."""
    (rows,) = (output[0] for output in outputs.values())
    grids = [cells(ask.canvas, stride) for stride in STRIDES]
    strides = np.concatenate(
        [np.full(x.size, stride, np.float32) for stride, (x, _) in zip(STRIDES, grids, strict=True)]
    )
    best, classes = ask.best(rows[:, 5:])
    scores = best * rows[:, 4]
    keep = np.flatnonzero(scores >= ask.floor)
    x, y = (np.concatenate(axis)[keep] for axis in zip(*grids, strict=True))
    rows, scale = rows[keep], strides[keep]
    width, height = (np.exp(rows[:, 2:4]) * scale[:, None]).T
    return Candidates(
        corners((rows[:, 0] + x) * scale, (rows[:, 1] + y) * scale, width, height), scores[keep], classes[keep]
    )
