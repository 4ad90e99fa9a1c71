"""A look at a clip, from the pack in the work store to the boxes of every pass there; the same for both tiers."""

from collections.abc import Collection
from typing import Protocol

from civicam.aws.work import WorkStore
from civicam.contracts.base import Document
from civicam.contracts.vision import ClipBoxes
from civicam.vision.orders import DetectOrder
from civicam.vision.pack import Pack


class LooksAtClips(Protocol):
    """A detector for each pass, as far as this module cares; `civicam.runtime.looking.ClipDetector` is one."""

    def detect(self, clip_id: str, pack: Pack, passes: Collection[str]) -> dict[str, ClipBoxes]:
        """What each pass that is wanted sees in each kept frame."""


class Detection(Document):
    """What became of one pass."""

    boxes_uri: str
    model: str
    precision: str
    frames: int
    boxes: int


def detect_clip(order: DetectOrder, detector: LooksAtClips, work: WorkStore) -> dict[str, Detection]:
    """Write the boxes of every pass that was ordered, again with the same result.

    Raises NotFound where the pack has gone (a day old).
    """
    found = detector.detect(order.clip_id, work.pack(order.pack_uri), order.boxes) if order.boxes else {}
    work.put_boxes({order.boxes[name]: seen for name, seen in found.items()})
    return {name: _told(order.boxes[name], seen) for name, seen in found.items()}


def _told(boxes_uri: str, seen: ClipBoxes) -> Detection:
    return Detection(
        boxes_uri=boxes_uri,
        model=seen.model,
        precision=seen.precision,
        frames=len(seen.frames),
        boxes=sum(len(frame.boxes) for frame in seen.frames),
    )
