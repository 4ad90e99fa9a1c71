"""Boxes that the graph itself placed, with a softmax over classes: SSD (Liu et al., 2016) as in Intel's road models."""

import numpy as np

from civicam.vision.boxes import Candidates
from civicam.vision.decoders.ask import Ask, Outputs


def decode_anchors(outputs: Outputs, ask: Ask) -> Candidates:
    """`boxes` (1, A, 4) as shares of the canvas, `scores` (1, A, classes); class 0 is background."""
    cells, scores, classes = ask.best(outputs["scores"][0])
    xyxy = outputs["boxes"][0][cells] * np.array([*ask.canvas, *ask.canvas], np.float32)
    return Candidates(xyxy, scores, classes)
