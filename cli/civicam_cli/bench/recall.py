"""What speed costs: which share of the boxes that the same model finds by itself, undisturbed, the city still finds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from civicam.contracts.vision import Box, ClipBoxes
from civicam.vision.boxes import Floats, overlaps
from civicam.vision.catalogue import Task
from civicam_cli.bench.ways import CityWay, PlainNetwork, model_and_file, sampled_pictures

SMALLEST = 24.0
"""Pixels of the source, the longer side: boxes below are not asked for."""
IOU = 0.5


@dataclass(frozen=True)
class Found:
    """How many boxes of the reference were asked for, and how many of them were found."""

    asked: int = 0
    found: int = 0

    def __add__(self, other: "Found") -> "Found":
        return Found(self.asked + other.asked, self.found + other.found)

    @property
    def share(self) -> float:
        """Of those asked for; 1 where none was."""
        return self.found / self.asked if self.asked else 1.0


def recall(way: CityWay, clips: Iterable[Path]) -> dict[Task, Found]:
    """By pass. The reference: the same model in f32 on every sampled frame, whole and uncoded, at its full input.

    It is scaled to that input by libav as well: between two scalers alone one box in a hundred comes and goes.
    """
    plain = {task: PlainNetwork(*model_and_file(task)) for task in Task}
    total = {task: Found() for task in Task}
    for clip in clips:
        boxes = way.judge(way.sample(clip))
        for task in Task:
            total[task] += _of_clip(clip, boxes[task], plain[task], way.fps)
    return total


def _of_clip(clip: Path, ours: ClipBoxes, plain: PlainNetwork, fps: float) -> Found:
    counting = plain.model.output.counting
    seen = {frame.index: [box for box in frame.boxes if ours.counts(box)] for frame in ours.seen()}
    total = Found()
    for index, picture in sampled_pictures(clip, fps, long_side=max(plain.model.input.canvas((16, 9)))):
        boxes = plain.find(picture, (ours.width, ours.height))
        total += compared([box for box in boxes if box.score >= counting[box.label]], seen.get(index, []))
    return total


def compared(reference: Iterable[Box], ours: Sequence[Box]) -> Found:
    """Boxes of one picture: those of the reference that are large enough, and how many of them are among ours."""
    asked = [box for box in reference if _size(box) >= SMALLEST]
    return Found(len(asked), sum(_is_found(box, ours) for box in asked))


def _size(box: Box) -> float:
    x1, y1, x2, y2 = box.xyxy
    return max(x2 - x1, y2 - y1)


def _is_found(box: Box, ours: Sequence[Box]) -> bool:
    same = [other.xyxy for other in ours if other.label == box.label]
    if not same:
        return False
    many: Floats = np.array(same, np.float32)
    return bool(overlaps(np.array(box.xyxy, np.float32), many).max() >= IOU)
