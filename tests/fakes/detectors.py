"""A detector that finds what it is told to, or fails, for whoever tests what stands around detectors."""

from collections.abc import Collection
from dataclasses import dataclass, field

from civicam.contracts.ids import digest
from civicam.contracts.vision import Box, ClipBoxes, FrameBoxes
from civicam.vision.pack import Pack


@dataclass
class FakeDetector:
    """Finds the same box in each frame, in every pass; fails as often as it is told to before that."""

    failures: int = 0
    clips: list[str] = field(default_factory=list)

    def detect(self, clip_id: str, pack: Pack, passes: Collection[str]) -> dict[str, ClipBoxes]:
        self.clips.append(clip_id)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the card fell off the bus")
        box = Box(label="car", score=0.9, xyxy=(1, 2, 3, 4))
        found = ClipBoxes(
            clip_id=clip_id,
            model="fake",
            model_digest=digest("fake"),
            width=pack.manifest.sampled.width,
            height=pack.manifest.sampled.height,
            sampling_fps=pack.manifest.sampled.sampling_fps,
            frames=tuple(FrameBoxes(index=f.index, time_s=f.time_s, boxes=(box,)) for f in pack.frames),
        )
        return dict.fromkeys(passes, found)
