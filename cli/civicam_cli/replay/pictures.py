"""One frame of a clip as two runs saw it: redacted by what either found, with each run's boxes drawn."""

from collections.abc import Iterable
from dataclasses import dataclass

from civicam.aws.clip_looking import sample_request
from civicam.aws.footage import FootageStore
from civicam.aws.registry import Registry
from civicam.aws.work import WorkStore
from civicam.cameras.intake import STANDARD
from civicam.contracts.errors import NotFound
from civicam.contracts.ids import LIVE
from civicam.contracts.vision import Box, ClipBoxes, ClipDetected
from civicam.runtime.detector import open_picture
from civicam.runtime.rendering import redacted_picture
from civicam.runtime.sandbox import sample
from civicam.vision.differences import disagreements
from civicam.vision.pack import Pack


@dataclass(frozen=True)
class TwoViews:
    """A frame's second in its clip, and a JPEG for each run."""

    time_s: float
    first: bytes
    second: bytes


@dataclass(frozen=True)
class Pictures:
    """Where footage, packs and boxes lie."""

    registry: Registry
    store: FootageStore
    work: WorkStore

    @classmethod
    def from_env(cls) -> "Pictures":
        """Those of the city that this command speaks to."""
        return cls(Registry.from_env(), FootageStore.from_env(), WorkStore.from_env())

    def of(self, first: ClipDetected, second: ClipDetected, reads: str) -> TwoViews:
        """The frame in which the boxes of the pass `reads` differ most.

        Raises NotFound where footage or boxes have ended, Rejected and Unavailable as sampling does.
        """
        one, other = self._boxes(first), self._boxes(second)
        pack = self._pack(first)
        pictures = {frame.index: frame for frame in pack.frames}
        counted = {n: count for n, count in disagreements(one[reads], other[reads]).items() if n in pictures}
        if not counted:
            raise NotFound("no frame of it was looked at by both runs")
        frame = pictures[max(counted, key=lambda index: (counted[index], _seen(one[reads], index)))]
        source = (pack.manifest.sampled.width, pack.manifest.sampled.height)
        picture = open_picture(frame.jpeg)
        secret = [box for run in (one, other) for boxes in run.values() for box in _at(boxes, frame.index)]
        drawn = [tuple(filter(run[reads].counts, _at(run[reads], frame.index))) for run in (one, other)]
        first_jpeg, second_jpeg = (redacted_picture(picture, source, secret, boxes) for boxes in drawn)
        return TwoViews(frame.time_s, first_jpeg, second_jpeg)

    def _boxes(self, clip: ClipDetected) -> dict[str, ClipBoxes]:
        return self.work.boxes(clip.boxes)

    def _pack(self, clip: ClipDetected) -> Pack:
        """The kept pack, or the footage sampled once more."""
        try:
            return self.work.pack(self.work.pack_uri(clip.footage.clip_id, LIVE))
        except NotFound:
            camera = self.registry.camera_version(clip.camera_id, clip.profile_version)
            request = sample_request(clip.footage, camera.profile.sampling_fps, STANDARD)
            return sample(self.store.download(clip.footage), request)


def _at(boxes: ClipBoxes, index: int) -> Iterable[Box]:
    return next((frame.boxes for frame in boxes.frames if frame.index == index), ())


def _seen(boxes: ClipBoxes, index: int) -> int:
    return len(tuple(_at(boxes, index)))
