"""Sampling one stored clip: from the footage store through the sandbox into the work store."""

from dataclasses import dataclass
from typing import Self

from civicam.aws.claims import ClipState
from civicam.aws.intake import Intake
from civicam.aws.work import WorkStore
from civicam.contracts.cameras import ClipStored
from civicam.contracts.errors import Inconsistent, NotFound, Rejected
from civicam.contracts.footage import ClockQuality, Footage, FootageKind
from civicam.runtime.sandbox import sample
from civicam.runtime.sandbox_protocol import SampleRequest
from civicam.vision.admission import Limits
from civicam.vision.orders import PASSES, RejectedClip, SampledClip, sampled_clip


@dataclass(frozen=True)
class ClipSampling:
    """The stores that a clip passes through. Every step may be repeated."""

    intake: Intake
    work: WorkStore

    @classmethod
    def from_env(cls) -> Self:
        """Those of this stack."""
        return cls(Intake.from_env(), WorkStore.from_env())

    def sample(self, clip: ClipStored) -> SampledClip | RejectedClip:
        """The orders for the clip's passes, its pack written; or its quarantine, when it cannot be used.

        Raises Unavailable where it shall be tried again, Inconsistent where footage is gone that nobody rejected.
        """
        try:
            return self._ordered(clip)
        except Rejected as error:
            self.intake.reject(clip.footage, error)
            return _rejected(clip, error.reason)

    def _ordered(self, clip: ClipStored) -> SampledClip | RejectedClip:
        camera, clip_id = self.intake.camera(clip.camera_id), clip.footage.clip_id
        try:
            body = self.intake.store.download(clip.footage)
        except NotFound as error:
            return self._gone(clip, error)
        pack = sample(body, self._request(clip.footage, camera.profile.sampling_fps))
        pack_uri = self.work.pack_uri(clip_id, clip.run)
        self.work.put_pack(pack_uri, pack)
        boxes = {name: self.work.boxes_uri(clip_id, clip.run, name) for name in PASSES}
        return sampled_clip(clip, camera, pack.manifest.sampled, pack_uri=pack_uri, boxes=boxes)

    def _request(self, footage: Footage, fps: float) -> SampleRequest:
        """What is asked of the sandbox. Where the end was guessed on receipt, nothing is measured against it."""
        is_guessed = footage.kind is FootageKind.CLIP and footage.clock_quality is ClockQuality.RECEIVED
        limits = self.intake.limits
        return SampleRequest(
            media_type=footage.media_type,
            capture_start=footage.capture_start,
            capture_end=None if is_guessed else footage.capture_end,
            fps=fps,
            limits=Limits(max_bytes=limits.max_bytes, max_seconds=limits.max_seconds),
        )

    def _gone(self, clip: ClipStored, error: NotFound) -> RejectedClip:
        """The same clip once more after its quarantine; anything else would be footage lost."""
        try:
            standing = self.intake.claims.get(clip.footage.clip_id)
        except NotFound:
            standing = None
        if standing is None or standing.state is not ClipState.REJECTED:
            raise Inconsistent(f"footage {clip.footage.key} is gone, and nobody rejected it") from error
        return _rejected(clip, standing.reason or "rejected")


def _rejected(clip: ClipStored, reason: str) -> RejectedClip:
    return RejectedClip(camera_id=clip.camera_id, clip_id=clip.footage.clip_id, reason=reason)
