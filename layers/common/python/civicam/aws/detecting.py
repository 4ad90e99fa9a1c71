"""The passes over a clip, from its frames to the boxes in the work store; the same for both tiers and for replay."""

from collections.abc import Collection, Mapping
from typing import Protocol

from civicam.aws.work import WorkStore
from civicam.contracts.vision import ClipBoxes
from civicam.vision.orders import Detection
from civicam.vision.pack import Pack


class LooksAtClips(Protocol):
    """A detector for each pass, as far as this module cares; `civicam.runtime.looking.ClipDetector` is one."""

    def detect(self, clip_id: str, pack: Pack, passes: Collection[str]) -> dict[str, ClipBoxes]:
        """What each pass that is wanted sees in each kept frame."""


def detect_clip(
    clip_id: str, pack: Pack, boxes: Mapping[str, str], *, detector: LooksAtClips, work: WorkStore
) -> dict[str, Detection]:
    """Make every pass that `boxes` names and write what it saw to the address there, again with the same result."""
    return keep_boxes(detector.detect(clip_id, pack, boxes), boxes, work)


def keep_boxes(found: Mapping[str, ClipBoxes], boxes: Mapping[str, str], work: WorkStore) -> dict[str, Detection]:
    """Write what every pass found to its address in `boxes`."""
    work.put_boxes({boxes[name]: seen for name, seen in found.items()})
    return {name: _told(boxes[name], seen) for name, seen in found.items()}


def _told(boxes_uri: str, seen: ClipBoxes) -> Detection:
    return Detection(
        boxes_uri=boxes_uri,
        model=seen.model,
        precision=seen.precision,
        frames=len(seen.frames),
        boxes=sum(len(frame.boxes) for frame in seen.frames),
    )
