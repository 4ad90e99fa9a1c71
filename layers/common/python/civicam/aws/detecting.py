"""One pass of a detector over a clip, from the pack in the work store to the boxes there; the same for both tiers."""

from typing import Protocol

from civicam.aws.work import WorkStore
from civicam.contracts.base import Document
from civicam.contracts.vision import ClipBoxes
from civicam.vision.pack import Pack


class LooksAtPacks(Protocol):
    """A detector, as far as this module cares; `civicam.runtime.detector.Detector` is one."""

    def detect(self, clip_id: str, pack: Pack) -> ClipBoxes:
        """What it sees in each kept frame."""


class DetectOrder(Document):
    """What a detector is asked: which clip, where its frames lie, where its boxes shall lie."""

    clip_id: str
    pack_uri: str
    boxes_uri: str


class Detection(Document):
    """What became of it."""

    boxes_uri: str
    model: str
    frames: int
    boxes: int


def detect_clip(order: DetectOrder, detector: LooksAtPacks, work: WorkStore) -> Detection:
    """Write the clip's boxes, again with the same result. Raises NotFound where the pack has gone (a day old)."""
    seen = detector.detect(order.clip_id, work.pack(order.pack_uri))
    work.put_boxes(order.boxes_uri, seen)
    return Detection(
        boxes_uri=order.boxes_uri,
        model=seen.model,
        frames=len(seen.frames),
        boxes=sum(len(frame.boxes) for frame in seen.frames),
    )
