"""Where a face can be: only where somebody was seen, and only if they are large enough to show one."""

from collections.abc import Sequence

from civicam.contracts.vision import Box
from civicam.vision.boxes import Size
from civicam.vision.mosaic import Piece, joined

PEOPLE = ("person", "two_wheeler")
"""Whom a box may be of: a rider is part of their machine's box."""
FACE_MIN = 8.0
"""Pixels across, on the network's canvas, below which no face detector here finds a face (YuNet's smallest: 11)."""
FACE_SHARE = 1 / 3
"""Of a box's width: a head is a third of the shoulders' breadth, whether the body shows or is cut off below."""
HEAD_SHARE = 0.6
"""Of a box's height, from the top: there the head is, bent or carried or in the middle of a bust."""
MARGIN = 0.15
"""Of a box's height: it may stand that far from where a tight one would."""
FACE_ENOUGH = 64.0
"""Pixels across, on the network's canvas, above which a face gains nothing: who is nearer is shown smaller."""


def where_faces_may_be(boxes: Sequence[Box], scale: float, source: Size) -> list[Piece]:
    """The pieces of a picture of this size in which there is a head that may show a face, each with its scale.

    `scale` is how many pixels of the canvas one of the source has when it shows the whole picture.
    """
    return joined([_head(box, scale, source) for box in boxes if box.label in PEOPLE and _face(box, scale) >= FACE_MIN])


def _face(box: Box, scale: float) -> float:
    return FACE_SHARE * (box.xyxy[2] - box.xyxy[0]) * scale


def _head(box: Box, scale: float, source: Size) -> Piece:
    x1, y1, x2, y2 = box.xyxy
    margin, end = MARGIN * (y2 - y1), y1 + HEAD_SHARE * (y2 - y1)
    area = max(0.0, x1 - margin), max(0.0, y1 - margin), min(source[0], x2 + margin), min(source[1], end + margin)
    return Piece(area, scale * min(1.0, FACE_ENOUGH / _face(box, scale)))
