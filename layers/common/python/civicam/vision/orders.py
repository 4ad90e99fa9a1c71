"""What sample_clip tells the steps behind it: where the frames lie, where boxes shall lie, what is then announced."""

from collections.abc import Mapping
from typing import Literal

from civicam.contracts.base import Document
from civicam.contracts.cameras import Camera, ClipStored, Profile, Tier
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


class SampledClip(Document):
    """A clip that was sampled: the state machine's input from here on, and the GPU queue's message."""

    outcome: Literal["sampled"] = "sampled"
    tier: Tier
    camera_id: CameraId
    clip_id: str
    order: DetectOrder
    detected: CloudEvent[ClipDetected]
    """The fact, complete, that is true once every pass has put its boxes there."""


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


def sampled_clip(
    clip: ClipStored, camera: Camera, sampled: Sampled, *, pack_uri: str, boxes: Mapping[str, str]
) -> SampledClip:
    """The order for a clip of a camera with its effective profile; `boxes` says by pass where its boxes will lie."""
    return SampledClip(
        tier=camera.profile.tier or Tier.LAMBDA,
        camera_id=clip.camera_id,
        clip_id=clip.footage.clip_id,
        order=DetectOrder(clip_id=clip.footage.clip_id, pack_uri=pack_uri, boxes=dict(boxes)),
        detected=CloudEvent.of(detected(clip, camera, sampled, boxes)),
    )


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
