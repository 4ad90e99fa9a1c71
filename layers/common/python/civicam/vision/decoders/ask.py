"""What every decoder is given, and what it has in common with the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from civicam.vision.boxes import Candidates, Floats, Ints, Size

Outputs = Mapping[str, Floats]
"""The network's outputs for one picture by name, in the order of its graph; the first axis is a batch of one."""


@dataclass(frozen=True)
class Ask:
    """What is wanted from an output: boxes of these classes, from this score on, on a canvas of this size."""

    canvas: Size
    classes: Ints
    floor: float

    def best(self, scores: Floats) -> tuple[Ints, Floats, Ints]:
        """Which cells have a wanted class's score from the floor on, the highest such score of each, and its class.

        `scores` (n, classes of the network), or (n, those wanted) from a network that gives them alone. A van that the
        network calls `train` first and `truck` next is still found: what is not wanted does not compete.
        """
        wanted = scores if scores.shape[1] == len(self.classes) else scores[:, self.classes]
        cells = np.flatnonzero((wanted >= self.floor).any(axis=1))
        place = wanted[cells].argmax(axis=1)
        return cells, wanted[cells, place], self.classes[place]


Decoder = Callable[[Outputs, Ask], Candidates]


def cells_across(canvas: Size, stride: int) -> Size:
    """Columns and rows of a feature map."""
    return -(-canvas[0] // stride), -(-canvas[1] // stride)


def positions(cells: Ints, canvas: Size, stride: int) -> tuple[Floats, Floats]:
    """Column and row (n,) of these cells of a feature map, which are numbered row by row."""
    y, x = np.divmod(cells, cells_across(canvas, stride)[0])
    return x.astype(np.float32), y.astype(np.float32)


def corners(x: Floats, y: Floats, width: Floats, height: Floats) -> Floats:
    """Boxes (n, 4) from centres and sizes."""
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1).astype(np.float32)
