"""Several models' boxes of one picture -> one list: weighted boxes fusion (Solovyev et al., 2021, arXiv 1910.13302).

Models' scores run on different scales, so they are made even first. A box that all see moderately then weighs as much
as one that a single model is sure of, and what one alone sees faintly is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from civicam.contracts.vision import Box, Label
from civicam.vision.boxes import Floats, overlaps
from civicam.vision.catalogue import Counting
from civicam.vision.finding import RIVALS

COUNTS = 0.5
"""The even score of a box that a model would just count."""


def even(score: float, threshold: float) -> float:
    """A score on the scale that all models share: 0, COUNTS at the model's threshold, 1; straight between."""
    if score < threshold:
        return COUNTS * score / threshold
    return COUNTS + (1 - COUNTS) * (score - threshold) / max(1e-6, 1 - threshold)


def uneven(score: float, threshold: float) -> float:
    """The model's own score for an even one."""
    if score < COUNTS:
        return threshold * score / COUNTS
    return threshold + (1 - threshold) * (score - COUNTS) / (1 - COUNTS)


def evened(rules: Counting, boxes: Sequence[Box]) -> list[Box]:
    """A model's boxes with even scores."""
    return [box.model_copy(update={"score": even(box.score, rules.threshold_of(box.label))}) for box in boxes]


def mirror(box: Box, width: int) -> Box:
    """The box where it lies in the picture left for right, of that width."""
    x1, y1, x2, y2 = box.xyxy
    return box.model_copy(update={"xyxy": (round(width - x2, 2), y1, round(width - x1, 2), y2)})


@dataclass
class _Thing:
    """What several models may mean."""

    boxes: list[Box] = field(default_factory=list)
    members: set[int] = field(default_factory=set)
    xyxy: Floats = field(default_factory=lambda: np.zeros(4, np.float32))

    def take(self, member: int, box: Box) -> None:
        self.boxes.append(box)
        self.members.add(member)
        corners = np.array([one.xyxy for one in self.boxes])
        weights = np.array([max(1e-6, one.score) for one in self.boxes])
        self.xyxy = np.average(corners, axis=0, weights=weights).astype(np.float32)

    @property
    def rival(self) -> str:
        return RIVALS.get(self.boxes[0].label, self.boxes[0].label)

    @property
    def label(self) -> Label:
        """What most of the scores say; where they are equal, what was said first."""
        labels = dict.fromkeys(box.label for box in self.boxes)
        return max(labels, key=lambda label: sum(box.score for box in self.boxes if box.label == label))


def merge(parts: Sequence[Sequence[Box]], iou: float) -> tuple[Box, ...]:
    """One box for what several members mean: corners by score, the mean score, 0 for a member that saw nothing.

    `parts` are the members' boxes with even scores, each thing once a member. The best come first.
    """
    things: list[_Thing] = []
    heard = ((box, member) for member, boxes in enumerate(parts) for box in boxes)
    for box, member in sorted(heard, key=lambda one: -one[0].score):
        thing = _owner(things, box, member, iou)
        if thing is None:
            things.append(thing := _Thing())
        thing.take(member, box)
    merged = (_merged(thing, len(parts)) for thing in things)
    return tuple(sorted(merged, key=lambda box: -box.score))


def _owner(things: Sequence[_Thing], box: Box, member: int, iou: float) -> _Thing | None:
    """The thing that the box overlaps most, of those that its model has not named yet."""
    rival = RIVALS.get(box.label, box.label)
    open_to_it = [thing for thing in things if thing.rival == rival and member not in thing.members]
    if not open_to_it:
        return None
    shares = overlaps(np.array(box.xyxy, np.float32), np.stack([thing.xyxy for thing in open_to_it]))
    return open_to_it[int(shares.argmax())] if shares.max() > iou else None


def _merged(thing: _Thing, members: int) -> Box:
    score = sum(box.score for box in thing.boxes) / members
    x1, y1, x2, y2 = thing.xyxy.astype(np.float64).round(2).tolist()
    return Box(label=thing.label, score=round(score, 4), xyxy=(x1, y1, x2, y2))
