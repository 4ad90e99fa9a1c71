"""A finished list of boxes, as CenterNet (Zhou et al., 2019) in the `human` package gives it."""

import numpy as np

from civicam.vision.boxes import Candidates
from civicam.vision.decoders.ask import Ask, Outputs

OUTPUT = "tower_0/detections"


def decode_detections(outputs: Outputs, ask: Ask) -> Candidates:
    """Rows of x1, y1, x2, y2 (pixels of the canvas), score, class."""
    rows = outputs[OUTPUT][0]
    found = Candidates(rows[:, :4], rows[:, 4], rows[:, 5].round().astype(np.int64))
    return found.chosen((found.scores >= ask.floor) & np.isin(found.classes, ask.classes))
