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

    def best(self, scores: Floats) -> tuple[Floats, Ints]:
        """The highest score among the wanted classes and that class, from scores (n, classes of the network).

        A van that the network calls `train` first and `truck` next is still found: what is not wanted does not compete.
        """
        wanted = scores[:, self.classes]
        place = wanted.argmax(axis=1)
        return np.take_along_axis(wanted, place[:, None], axis=1)[:, 0], self.classes[place]


Decoder = Callable[[Outputs, Ask], Candidates]


def cells(canvas: Size, stride: int) -> tuple[Floats, Floats]:
    """Column and row (n,) of each cell of a feature map, row by row."""
    columns, rows = -(-canvas[0] // stride), -(-canvas[1] // stride)
    y, x = np.divmod(np.arange(columns * rows, dtype=np.float32), np.float32(columns))
    return x, y


def corners(x: Floats, y: Floats, width: Floats, height: Floats) -> Floats:
    """Boxes (n, 4) from centres and sizes."""
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1).astype(np.float32)
