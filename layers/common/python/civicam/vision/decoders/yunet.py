"""YuNet (Wu et al., 2023): a face's score, centre and log size for each cell of three feature maps."""

import numpy as np

from civicam.vision.boxes import Candidates
from civicam.vision.decoders.ask import Ask, Outputs, corners, positions

STRIDES = (8, 16, 32)


def decode_yunet(outputs: Outputs, ask: Ask) -> Candidates:
    """`cls_8`, `obj_8`, `bbox_8` and so on: (1, A, 1), (1, A, 1), (1, A, 4); landmarks are left alone."""
    return Candidates.joined([_level(stride, outputs, ask) for stride in STRIDES])


def _level(stride: int, outputs: Outputs, ask: Ask) -> Candidates:
    face, certain = outputs[f"cls_{stride}"][0, :, 0], outputs[f"obj_{stride}"][0, :, 0]
    scores = np.sqrt(np.clip(face, 0, 1) * np.clip(certain, 0, 1))
    keep = np.flatnonzero(scores >= ask.floor)
    boxes = outputs[f"bbox_{stride}"][0][keep]
    x, y = positions(keep, ask.canvas, stride)
    width, height = (np.exp(boxes[:, 2:]) * stride).T
    centred = corners((x + boxes[:, 0]) * stride, (y + boxes[:, 1]) * stride, width, height)
    return Candidates(centred, scores[keep], np.zeros(keep.size, np.int64))
