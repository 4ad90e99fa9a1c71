"""A look at one stored clip: from the footage store through the sandbox and every pass to its boxes."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Self

from civicam.aws.claims import ClipState
from civicam.aws.detecting import LooksAtClips, detect_clip, keep_boxes
from civicam.aws.environment import setting
from civicam.aws.intake import Intake
from civicam.aws.recent import Recent
from civicam.aws.tiers import Tiers
from civicam.aws.work import WorkStore
from civicam.cameras.intake import Limits
from civicam.contracts.cameras import Camera, ClipStored, Profile, Tier
from civicam.contracts.errors import Inconsistent, NotFound, Rejected
from civicam.contracts.facts import CloudEvent
from civicam.contracts.footage import ClockQuality, Footage, FootageKind
from civicam.contracts.vision import ClipBoxes
from civicam.runtime.sandbox import sample
from civicam.runtime.sandbox_protocol import SampleRequest
from civicam.vision.admission import Limits as DecodingLimits
from civicam.vision.admitted import AdmittedClip
from civicam.vision.catalogue import load_catalogue
from civicam.vision.look import Look, admit_look
from civicam.vision.orders import DetectOrder, RejectedClip, SampledClip, SeenClip, detected, passes_wanted
from civicam.vision.pack import Pack
from civicam.vision.shedding import shed_fps
from civicam.vision.tiers import TierSetting


@dataclass(frozen=True)
class ClipLooking:
    """The stores that a clip passes through, and a detector, loaded when it is asked for. Whatever is done here may be
    repeated."""

    intake: Intake
    work: WorkStore
    tiers: Callable[[], TierSetting]
    detector: Callable[[], LooksAtClips]

    @classmethod
    def from_env(cls, detector: Callable[[], LooksAtClips]) -> Self:
        """The stores of this stack."""
        tiers = Recent(lambda table: Tiers(table).current())
        return cls(Intake.from_env(), WorkStore.from_env(), lambda: tiers(setting("TIERS_TABLE")), detector)

    def look(self, clip: AdmittedClip) -> SeenClip | SampledClip | RejectedClip:
        """The clip with the boxes of its passes, or with its pack where they are the GPU tier's to make; or its
        quarantine, when it cannot be used.

        Raises Unavailable where it shall be tried again, Inconsistent where footage is gone that nobody rejected.
        """
        try:
            return self._looked_at(clip)
        except Rejected as error:
            self.intake.reject(clip.footage, error)
            return _rejected(clip, error.reason)

    def _looked_at(self, clip: AdmittedClip) -> SeenClip | SampledClip | RejectedClip:
        camera = self.intake.camera_of(clip.footage)
        try:
            body = self.intake.store.download(clip.footage)
        except NotFound as error:
            return self._gone(clip, error)
        if clip.footage.kind is FootageKind.LOOK:
            return self._seen_at_the_edge(clip, camera, body)
        request = sample_request(clip.footage, camera.profile.sampling_fps, self.intake.limits)
        pack = sample(body, shed(request, clip, camera.profile))
        camera = camera.model_copy(update={"profile": self.tiers().effective(camera.profile)})
        return self._ordered(clip, camera, pack) if camera.profile.tier is Tier.GPU else self._seen(clip, camera, pack)

    def _seen(self, clip: AdmittedClip, camera: Camera, pack: Pack) -> SeenClip:
        clip_id, boxes = clip.footage.clip_id, self._boxes(clip, camera)
        passes = detect_clip(clip_id, pack, boxes, detector=self.detector(), work=self.work) if boxes else {}
        told = CloudEvent.of(detected(clip, camera, pack.manifest.sampled, boxes))
        return SeenClip(camera_id=clip.camera_id, clip_id=clip_id, passes=passes, detected=told)

    def _seen_at_the_edge(self, clip: AdmittedClip, camera: Camera, body: bytes) -> SeenClip:
        """What a recorder saw, in place of a look of the city's own."""
        clip_id, boxes = clip.footage.clip_id, self._boxes(clip, camera)
        look = Look.from_bytes(body)
        passes = keep_boxes(admitted_boxes(look, clip.footage, boxes), boxes, self.work)
        told = CloudEvent.of(detected(clip, camera, look.pack.manifest.sampled, boxes))
        return SeenClip(camera_id=clip.camera_id, clip_id=clip_id, passes=passes, detected=told)

    def _ordered(self, clip: AdmittedClip, camera: Camera, pack: Pack) -> SampledClip:
        clip_id, boxes = clip.footage.clip_id, self._boxes(clip, camera)
        pack_uri = self.work.pack_uri(clip_id, clip.run)
        self.work.put_pack(pack_uri, pack)
        order = DetectOrder(clip_id=clip_id, pack_uri=pack_uri, boxes=boxes)
        told = CloudEvent.of(detected(clip, camera, pack.manifest.sampled, boxes))
        return SampledClip(camera_id=clip.camera_id, clip_id=clip_id, order=order, detected=told)

    def _boxes(self, clip: AdmittedClip, camera: Camera) -> dict[str, str]:
        """Where the boxes of each pass that the camera's analytics read will lie."""
        return {
            name: self.work.boxes_uri(clip.footage.clip_id, clip.run, name) for name in passes_wanted(camera.profile)
        }

    def _gone(self, clip: ClipStored, error: NotFound) -> RejectedClip:
        """The same clip once more after its quarantine; anything else would be footage lost."""
        try:
            standing = self.intake.claims.get(clip.footage.clip_id)
        except NotFound:
            standing = None
        if standing is None or standing.state is not ClipState.REJECTED:
            raise Inconsistent(f"footage {clip.footage.key} is gone, and nobody rejected it") from error
        return _rejected(clip, standing.reason or "rejected")


def sample_request(footage: Footage, fps: float, limits: Limits) -> SampleRequest:
    """What is asked of the sandbox. Where the end was guessed on receipt, nothing is measured against it."""
    is_guessed = footage.kind is FootageKind.CLIP and footage.clock_quality is ClockQuality.RECEIVED
    return SampleRequest(
        media_type=footage.media_type,
        capture_start=footage.capture_start,
        capture_end=None if is_guessed else footage.capture_end,
        fps=fps,
        limits=DecodingLimits(max_bytes=limits.max_bytes, max_seconds=limits.max_seconds),
    )


def admitted_boxes(look: Look, footage: Footage, wanted: Collection[str]) -> dict[str, ClipBoxes]:
    """The boxes of the passes that are wanted, as a recorder saw them; raises Rejected as `admit_look` does."""
    declared_s = (footage.capture_end - footage.capture_start).total_seconds()
    return admit_look(look, footage.clip_id, declared_s, wanted, load_catalogue())


def shed(request: SampleRequest, clip: AdmittedClip, profile: Profile) -> SampleRequest:
    """The request at a lower rate, where the clip waited long in the queue (`civicam.vision.shedding`)."""
    length_s = (clip.footage.capture_end - clip.footage.capture_start).total_seconds()
    fps = shed_fps(request.fps, length_s, clip.waited_s, profile.priority)
    return request.model_copy(update={"fps": fps, "asked_fps": request.fps}) if fps < request.fps else request


def _rejected(clip: ClipStored, reason: str) -> RejectedClip:
    return RejectedClip(camera_id=clip.camera_id, clip_id=clip.footage.clip_id, reason=reason)
