"""What look_at_clip tells the steps behind it: that a clip was seen, or what the GPU tier is asked to look at."""

from collections.abc import Mapping
from typing import Literal

from civicam.contracts.base import Document
from civicam.contracts.cameras import Camera, ClipStored, Profile
from civicam.contracts.facts import CloudEvent
from civicam.contracts.ids import CameraId, digest, fact_id
from civicam.contracts.vision import ClipDetected, Sampled
from civicam.vision.analytics import ANALYTICS
from civicam.vision.catalogue import Task

SAMPLING_RULES = digest("sampling", "5")
"""Changes whenever the same footage would give other frames."""


class DetectOrder(Document):
    """What a detector is asked: which clip, where its frames lie, and for each pass wanted where boxes shall lie."""

    clip_id: str
    pack_uri: str
    boxes: dict[str, str]


class Detection(Document):
    """What became of one pass."""

    boxes_uri: str
    model: str
    precision: str
    frames: int
    boxes: int


class SeenClip(Document):
    """A clip whose passes are made: its boxes lie there."""

    outcome: Literal["seen"] = "seen"
    camera_id: CameraId
    clip_id: str
    passes: dict[str, Detection]
    detected: CloudEvent[ClipDetected]
    """judge_clip's message."""


class SampledClip(Document):
    """A clip that waits for the GPU tier: that queue's message."""

    outcome: Literal["sampled"] = "sampled"
    camera_id: CameraId
    clip_id: str
    order: DetectOrder
    detected: CloudEvent[ClipDetected]
    """What is true, and told to judge_clip, once every pass has put its boxes there."""


class RejectedClip(Document):
    """A clip that lies in quarantine."""

    outcome: Literal["rejected"] = "rejected"
    camera_id: CameraId
    clip_id: str
    reason: str


def passes_wanted(profile: Profile) -> tuple[str, ...]:
    """The passes that the profile's analytics read, in the order in which they are made."""
    read = {analytic.reads for analytic in ANALYTICS if analytic.name in profile.analytics}
    return tuple(str(task) for task in Task if task in read)


def detected(clip: ClipStored, camera: Camera, sampled: Sampled, boxes: Mapping[str, str]) -> ClipDetected:
    """The fact that every pass has looked at the clip. It names no model: each boxes document names its own."""
    footage = clip.footage
    return ClipDetected(
        fact_id=fact_id(
            kind=ClipDetected.TYPE,
            camera_id=clip.camera_id,
            capture_start=footage.capture_start,
            clip_sha256=footage.sha256,
            model_digest="",
            rules_digest=SAMPLING_RULES,
            profile_version=camera.version,
            run=clip.run,
        ),
        run=clip.run,
        camera_id=clip.camera_id,
        footage=footage,
        profile_version=camera.version,
        sampled=sampled,
        boxes=dict(boxes),
        ingested_at=clip.stored_at,
    )
