"""CenterFace (Xu et al., 2019): a heat map of face centres at a quarter of the canvas, with size and offset."""

import numpy as np

from civicam.vision.boxes import Candidates
from civicam.vision.decoders.ask import Ask, Outputs, corners

STRIDE = 4


def decode_centerface(outputs: Outputs, ask: Ask) -> Candidates:
    """Heat map (1, 1, h, w), log size and offset (1, 2, h, w: vertical first), then landmarks, which are left alone."""
    heat, size, offset = (output[0] for output in list(outputs.values())[:3])
    row, column = np.nonzero(heat[0] >= ask.floor)
    height, width = np.exp(size[:, row, column]) * STRIDE
    y = (row + offset[0, row, column] + 0.5) * STRIDE
    x = (column + offset[1, row, column] + 0.5) * STRIDE
    return Candidates(corners(x, y, width, height), heat[0, row, column], np.zeros(row.size, np.int64))
