"""What sample_clip tells the steps behind it: where the frames lie, where boxes shall lie, what is then announced."""

from collections.abc import Mapping
from typing import Literal

from civicam.contracts.base import Document
from civicam.contracts.cameras import Camera, ClipStored, Tier
from civicam.contracts.facts import CloudEvent
from civicam.contracts.ids import CameraId, digest, fact_id
from civicam.contracts.vision import ClipDetected, Sampled

PASSES = ("objects", "faces")
SAMPLING_RULES = digest("sampling", "1")
"""Changes whenever the same footage would give other frames."""


class PassOrder(Document):
    """One detector's order."""

    pack: str
    """s3:// address of the pack."""
    boxes_uri: str


class SampledClip(Document):
    """A clip that was sampled: the state machine's input from here on, and the GPU queue's message."""

    outcome: Literal["sampled"] = "sampled"
    tier: Tier
    camera_id: CameraId
    clip_id: str
    passes: dict[str, PassOrder]
    detected: CloudEvent[ClipDetected]
    """The fact, complete, that is true once every pass has put its boxes there."""


class RejectedClip(Document):
    """A clip that lies in quarantine."""

    outcome: Literal["rejected"] = "rejected"
    camera_id: CameraId
    clip_id: str
    reason: str


def sampled_clip(
    clip: ClipStored, camera: Camera, sampled: Sampled, *, pack_uri: str, boxes: Mapping[str, str]
) -> SampledClip:
    """The orders for a clip; `boxes` says by pass where its boxes will lie."""
    return SampledClip(
        tier=camera.profile.tier,
        camera_id=clip.camera_id,
        clip_id=clip.footage.clip_id,
        passes={name: PassOrder(pack=pack_uri, boxes_uri=uri) for name, uri in boxes.items()},
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
