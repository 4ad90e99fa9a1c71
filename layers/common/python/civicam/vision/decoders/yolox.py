"""YOLOX (Ge et al., 2021): centre, log size, objectness and class scores for each cell of three feature maps."""

from math import prod

import numpy as np

from civicam.vision.boxes import Candidates, Floats
from civicam.vision.decoders.ask import Ask, Outputs, cells_across, corners, positions

STRIDES = (8, 16, 32)


def decode_yolox(outputs: Outputs, ask: Ask) -> Candidates:
    """One output (1, A, 5 + classes), its cells ordered by stride and row by row."""
    (rows,) = (output[0] for output in outputs.values())
    ends = np.cumsum([prod(cells_across(ask.canvas, stride)) for stride in STRIDES])
    levels = zip(STRIDES, np.split(rows, ends[:-1]), strict=True)
    return Candidates.joined([_level(stride, level, ask) for stride, level in levels])


def _level(stride: int, rows: Floats, ask: Ask) -> Candidates:
    cells, best, classes = ask.best(rows[:, 5:])
    rows = rows[cells]
    x, y = positions(cells, ask.canvas, stride)
    width, height = (np.exp(rows[:, 2:4]) * stride).T
    centred = corners((rows[:, 0] + x) * stride, (rows[:, 1] + y) * stride, width, height)
    found = Candidates(centred, best * rows[:, 4], classes)
    return found.chosen(found.scores >= ask.floor)
