"""One pass of a detector over a clip, from the pack in the work store to the boxes there; the same for both tiers."""

from civicam.aws.work import WorkStore
from civicam.contracts.base import Document
from civicam.contracts.vision import ClipBoxes
from civicam.runtime.detector import Detector


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


def detect_clip(order: DetectOrder, detector: Detector, work: WorkStore) -> Detection:
    """Write the clip's boxes, again with the same result. Raises NotFound where the pack has gone (a day old)."""
    seen: ClipBoxes = detector.detect(order.clip_id, work.pack(order.pack_uri))
    work.put_boxes(order.boxes_uri, seen)
    return Detection(
        boxes_uri=order.boxes_uri,
        model=seen.model,
        frames=len(seen.frames),
        boxes=sum(len(frame.boxes) for frame in seen.frames),
    )
