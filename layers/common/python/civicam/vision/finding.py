"""From a network's output to the boxes that count: threshold, suppression, pixels of the source, riders fused."""

from collections.abc import Sequence

import numpy as np

from civicam.contracts.vision import Box
from civicam.vision.boxes import Candidates, Fit, Ints, Size, suppress
from civicam.vision.catalogue import Output
from civicam.vision.decoders import DECODERS, Ask, Outputs
from civicam.vision.riders import MACHINES, fuse_riders, lies_in

RIVALS: dict[str, str] = {"bus": "car", "truck": "car", "bicycle": "motorcycle"}
"""Labels that one thing may get twice: a lorry is `truck` and `car`, never both."""


def find_boxes(output: Output, outputs: Outputs, fit: Fit, source: Size) -> tuple[Box, ...]:
    """The boxes of one picture in pixels of the source: those that count, then fainter ones that may hold a track."""
    floors = {number: output.floor_of(label) for number, label in output.classes.items()}
    ask = Ask(fit.canvas, np.array(list(floors), np.int64), min(floors.values()))
    found = DECODERS[output.decoder](outputs, ask)
    found = found.chosen(found.scores >= np.array([floors[int(number)] for number in found.classes], np.float32))
    boxes = _as_boxes(output, suppress(found, _groups(output, found), output.nms_iou), fit, source)
    counted = [box for box in boxes if box.score >= output.threshold_of(box.label)]
    faint = [box for box in boxes if box.score < output.threshold_of(box.label)]
    return _ridden(output, counted, faint) if output.fuse_riders else (*counted, *faint)


def _ridden(output: Output, counted: Sequence[Box], faint: Sequence[Box]) -> tuple[Box, ...]:
    """Riders fused among those that count; then among the others, where they are no part of what was counted."""
    least = output.faint_machine or 1.0
    fused = fuse_riders(counted, [box for box in faint if box.label not in MACHINES or box.score >= least])
    rest = [box for box in faint if not any(lies_in(box, other) for other in fused)]
    return (*fused, *fuse_riders(rest, certainty=min))


def _groups(output: Output, found: Candidates) -> Ints:
    kinds = {number: RIVALS.get(label, label) for number, label in output.classes.items()}
    names = sorted(set(kinds.values()))
    return np.array([names.index(kinds[int(number)]) for number in found.classes], np.int64)


def _as_boxes(output: Output, kept: Candidates, fit: Fit, source: Size) -> tuple[Box, ...]:
    """Rounded: hundredths of a pixel and ten-thousandths of a score are beyond what any model means."""
    corners = fit.to_source(kept.xyxy, source).astype(np.float64).round(2)
    return tuple(
        Box(label=output.classes[int(number)], score=round(float(score), 4), xyxy=tuple(box))
        for box, score, number in zip(corners.tolist(), kept.scores, kept.classes, strict=True)
        if box[2] > box[0] and box[3] > box[1]
    )
