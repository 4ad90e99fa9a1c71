"""A stored clip -> the news of its boxes in a replay: those that lie there still, or those that are found anew."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from civicam.aws.claims import Clip
from civicam.aws.clip_looking import admitted_boxes, sample_request
from civicam.aws.detecting import LooksAtClips, detect_clip, keep_boxes
from civicam.aws.footage import FootageStore
from civicam.aws.intake import limits_from_env
from civicam.aws.judging_line import JudgingLine
from civicam.cameras.intake import Limits, stored
from civicam.cameras.registration import PIXELS_AT_EDGE
from civicam.contracts.cameras import Camera, ClipStored
from civicam.contracts.errors import NotFound, Rejected
from civicam.contracts.facts import CloudEvent
from civicam.contracts.footage import FootageKind
from civicam.contracts.ids import LIVE
from civicam.contracts.vision import ClipDetected
from civicam.runtime.sandbox import sample
from civicam.vision.look import Look
from civicam.vision.orders import detected, passes_wanted
from civicam.vision.pack import Pack


@dataclass(frozen=True)
class ReplayLooking:
    """The stores that it reads, a detector (loaded when it is asked for), and how the clip was judged first."""

    store: FootageStore
    line: JudgingLine
    detector: Callable[[], LooksAtClips]
    limits: Limits

    @classmethod
    def from_env(cls, line: JudgingLine, detector: Callable[[], LooksAtClips]) -> Self:
        """By this stack's bucket and limits."""
        return cls(FootageStore.from_env(), line, detector, limits_from_env())

    def look(self, clip: Clip, run: str) -> CloudEvent[ClipDetected]:
        """The fact that every pass has looked at the clip in this run.

        Where no model is named and the first run's boxes lie there still, those serve; else every pass looks anew, for
        faces are looked for where objects were found. A clip is judged by the profile that it was judged by first, so
        that a replay differs in what it was asked to. Raises Rejected and Unavailable as sampling and detecting do.
        """
        first = self.line.table.of(clip.footage, LIVE)
        camera = self._camera(clip, first.clip if first else None)
        said = stored(clip.footage, clip.stored_at or clip.footage.capture_end).model_copy(update={"run": run})
        before = first.clip if first and _was_sampled_so(first.clip, said, camera) else None
        if before and (kept := self._kept_boxes(before, camera)):
            return CloudEvent.of(detected(said, camera, before.sampled, kept))
        if clip.footage.kind is FootageKind.LOOK:
            return self._seen_at_the_edge(clip, camera, said)
        pack = self._pack(clip, camera, before)
        return CloudEvent.of(detected(said, camera, pack.manifest.sampled, self._found(clip, run, camera, pack)))

    def _seen_at_the_edge(self, clip: Clip, camera: Camera, said: ClipStored) -> CloudEvent[ClipDetected]:
        """What its recorder saw: another model can see nothing in pictures that stayed there."""
        if self.line.overrides.models:
            raise Rejected(
                PIXELS_AT_EDGE, "its pictures stayed at the edge, where one model saw them: replay it without --model"
            )
        look, boxes = Look.from_bytes(self.store.download(clip.footage)), self._addresses(clip, said.run, camera)
        keep_boxes(admitted_boxes(look, clip.footage, boxes), boxes, self.line.work)
        return CloudEvent.of(detected(said, camera, look.pack.manifest.sampled, boxes))

    def _camera(self, clip: Clip, first: ClipDetected | None) -> Camera:
        registry, camera_id = self.line.registry, clip.footage.camera_id
        if first:
            return registry.camera_version(camera_id, first.profile_version)
        return registry.camera_at(camera_id, clip.footage.capture_start)

    def _kept_boxes(self, before: ClipDetected, camera: Camera) -> Mapping[str, str]:
        """The first run's boxes of every pass that is wanted; none where they shall or must be found anew."""
        if self.line.overrides.models:
            return {}
        wanted = passes_wanted(camera.profile)
        kept = {name: uri for name, uri in before.boxes.items() if name in wanted and self.line.work.holds(uri)}
        return kept if len(kept) == len(wanted) else {}

    def _pack(self, clip: Clip, camera: Camera, before: ClipDetected | None) -> Pack:
        """The pack of the first run while it lies there (the GPU tier's, a day), else the footage sampled once more."""
        if before:
            try:
                return self.line.work.pack(self.line.work.pack_uri(clip.footage.clip_id, LIVE))
            except NotFound:
                pass
        request = sample_request(clip.footage, camera.profile.sampling_fps, self.limits)
        return sample(self.store.download(clip.footage), request)

    def _found(self, clip: Clip, run: str, camera: Camera, pack: Pack) -> Mapping[str, str]:
        """Where the boxes lie that every pass has found just now."""
        boxes = self._addresses(clip, run, camera)
        detect_clip(clip.footage.clip_id, pack, boxes, detector=self.detector(), work=self.line.work)
        return boxes

    def _addresses(self, clip: Clip, run: str, camera: Camera) -> dict[str, str]:
        return {
            name: self.line.work.boxes_uri(clip.footage.clip_id, run, name) for name in passes_wanted(camera.profile)
        }


def _was_sampled_so(first: ClipDetected, said: ClipStored, camera: Camera) -> bool:
    """Whether sampling gives the same frames today: by the same rules, and nothing was shed then."""
    again = detected(said.model_copy(update={"run": LIVE}), camera, first.sampled, first.boxes)
    return first.sampled.asked_fps is None and again.fact_id == first.fact_id
