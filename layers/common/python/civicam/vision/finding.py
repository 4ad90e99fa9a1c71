"""From a network's output to the boxes that count: threshold, suppression, pixels of the source, riders fused."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from civicam.contracts.vision import Box, Label
from civicam.vision.boxes import Candidates, Fit, Ints, Size, overlaps, suppress
from civicam.vision.catalogue import Counting, Output
from civicam.vision.decoders import DECODERS, Ask, Outputs
from civicam.vision.riders import MACHINES, fuse_riders, lies_in

RIVALS: dict[str, str] = {"bus": "car", "truck": "car", "bicycle": "motorcycle"}
"""Labels that one thing may get twice: a lorry is `truck` and `car`, never both."""


def find_boxes(output: Output, outputs: Outputs, fit: Fit, source: Size) -> tuple[Box, ...]:
    """The boxes of one picture in pixels of the source: those that count, then fainter ones that may hold a track."""
    floors = {label: output.floor_of(label) for label in output.classes.values()}
    return settle(output, see_boxes(output, outputs, fit, source, floors))


def see_boxes(
    output: Output, outputs: Outputs, fit: Fit, source: Size, floors: Mapping[Label, float]
) -> tuple[Box, ...]:
    """All that the network sees from these scores on, each thing once, riders and machines apart."""
    least = {number: floors[label] for number, label in output.classes.items()}
    ask = Ask(fit.canvas, np.array(sorted(least), np.int64), min(least.values()))
    found = DECODERS[output.decoder](outputs, ask)
    found = found.chosen(found.scores >= np.array([least[int(number)] for number in found.classes], np.float32))
    return _as_boxes(output, suppress(found, _groups(output, found), output.nms_iou), fit, source)


def settle(rules: Counting, boxes: Sequence[Box]) -> tuple[Box, ...]:
    """Those that count by these rules, then fainter ones that may hold a track; riders fused."""
    useful = [box for box in boxes if box.score >= rules.floor_of(box.label)]
    counted = [box for box in useful if box.score >= rules.threshold_of(box.label)]
    faint = [box for box in useful if box.score < rules.threshold_of(box.label)]
    return _ridden(rules, counted, faint) if rules.fuse_riders else (*counted, *faint)


def apart(boxes: Iterable[Box], iou: float) -> tuple[Box, ...]:
    """Of boxes of one label that overlap by more than `iou` the best; in descending order of score."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: -box.score):
        rivals = np.array([other.xyxy for other in kept if other.label == box.label], np.float32).reshape(-1, 4)
        if not (overlaps(np.array(box.xyxy, np.float32), rivals) > iou).any():
            kept.append(box)
    return tuple(kept)


def _ridden(rules: Counting, counted: Sequence[Box], faint: Sequence[Box]) -> tuple[Box, ...]:
    """Riders fused among those that count; then among the others, where they are no part of what was counted."""
    least = rules.faint_machine or 1.0
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
