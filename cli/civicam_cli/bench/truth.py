"""What a person counted in the shared footage (clips.json beside it), and how a count is scored against it."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civicam.contracts.errors import Unavailable
from civicam.contracts.vision import Box
from civicam_cli.city.footage import MIRROR

FOUR_WHEELERS = ("car", "bus", "truck")
TWO_WHEELERS = ("two_wheeler", "bicycle", "motorcycle")
Span = tuple[int, int]
"""The least and the most that a count may be and still be right."""


@dataclass(frozen=True)
class Snapshot:
    """A picture, where in it was counted, and what is right there."""

    path: Path
    area: tuple[float, float, float, float]
    four: int
    four_ok: Span
    two: int
    two_ok: Span


@dataclass(frozen=True)
class CountedClip:
    """A clip, which labels were counted in which frames, and what is right there."""

    path: Path
    labels: tuple[str, ...]
    frames: dict[int, Span]


@dataclass(frozen=True)
class Truth:
    """All that was counted in one folder of footage."""

    folder: Path
    document: dict[str, Any]

    @classmethod
    def here(cls) -> "Truth":
        """The truth of the mirror; raises Unavailable where there is none."""
        path = Path(os.environ.get(MIRROR) or os.devnull) / "clips.json"
        if not path.is_file():
            raise Unavailable(f"nothing that was counted by eye is at hand: set {MIRROR} to a folder with clips.json")
        return cls(path.parent, json.loads(path.read_text(encoding="utf-8")))

    def of(self, file: str) -> dict[str, Any]:
        """What was counted in a clip."""
        return next(dict(clip["truth"]) for clip in self.document["clips"] if clip["file"] == file)

    def path(self, file: str) -> Path:
        """Where a clip lies."""
        return self.folder / file

    def snapshots(self) -> list[Snapshot]:
        """The pictures of the city."""
        return [
            Snapshot(
                self.folder / item["file"],
                tuple(item["truth"]["roi_xyxy"]),
                item["truth"]["four_wheel"],
                tuple(item["truth"]["four_wheel_ok"]),
                item["truth"]["two_wheelers"],
                tuple(item["truth"]["two_wheelers_ok"]),
            )
            for item in self.document["snapshots"]["items"]
        ]

    def clips(self) -> dict[str, CountedClip]:
        """The clips in which frames were counted, by what was counted."""
        return {
            "cars from above": self._counted("car-detection.mp4", "cars_at_frame", FOUR_WHEELERS),
            "people at a table": self._counted("one-by-one-person-detection.mp4", "persons_at_frame", ("person",)),
            "walkers": self._counted("pets_walkers_480x360.avi", "persons_at_frame", ("person",)),
            "cars from a height": self._kind("car", FOUR_WHEELERS),
            "cyclists from a height": self._kind("cyclist", TWO_WHEELERS),
        }

    def _counted(self, file: str, field: str, labels: tuple[str, ...]) -> CountedClip:
        truth = self.of(file)
        slack = truth.get("tolerance", 0)
        frames = {int(index): (number - slack, number + slack) for index, number in truth[field].items()}
        return CountedClip(self.path(file), labels, frames)

    def _kind(self, kind: str, labels: tuple[str, ...]) -> CountedClip:
        file = "person-bicycle-car.mp4"
        frames = {int(index): (counts[kind], counts[kind]) for index, counts in self.of(file)["frames"].items()}
        return CountedClip(self.path(file), labels, frames)


def count_in(boxes: Iterable[Box], labels: tuple[str, ...], area: tuple[float, float, float, float]) -> int:
    """Boxes of these labels whose centre lies in the area, edges included."""
    x1, y1, x2, y2 = area
    centres = (
        ((box.xyxy[0] + box.xyxy[2]) / 2, (box.xyxy[1] + box.xyxy[3]) / 2) for box in boxes if box.label in labels
    )
    return sum(x1 <= x <= x2 and y1 <= y <= y2 for x, y in centres)


def beyond(number: int, span: Span) -> int:
    """By how many a count misses what is right."""
    return max(0, span[0] - number, number - span[1])
