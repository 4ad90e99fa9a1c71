"""One look at a clip: every pass that is wanted over each of its pictures, which are decoded once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from PIL import Image

from civicam.contracts.vision import Box, ClipBoxes, FrameBoxes
from civicam.runtime.detector import Detector, open_picture
from civicam.runtime.panel import PanelDetector
from civicam.vision.attention import where_faces_may_be
from civicam.vision.boxes import Size
from civicam.vision.catalogue import Task
from civicam.vision.pack import Pack

Looks = TypeVar("Looks", bound=Detector | PanelDetector)
Seen = Mapping[str, tuple[Box, ...]]
"""The boxes in one picture by pass."""


@dataclass(frozen=True)
class ClipDetector(Generic[Looks]):
    """The detector of each pass. Not for two threads at once, as they are not."""

    detectors: Mapping[str, Looks]

    def detect(self, clip_id: str, pack: Pack, passes: Collection[str]) -> dict[str, ClipBoxes]:
        """The boxes of each pass that is wanted.

        After a pass for objects, faces are looked for where somebody stands, and nowhere else; without it, everywhere.
        """
        size = (pack.manifest.sampled.width, pack.manifest.sampled.height)
        wanted = [name for name in Task if name in passes]
        frames: dict[str, list[FrameBoxes]] = {name: [] for name in wanted}
        for frame in pack.frames:
            for name, boxes in self._look(open_picture(frame.jpeg), size, wanted).items():
                frames[name].append(FrameBoxes(index=frame.index, time_s=frame.time_s, boxes=boxes))
        return {str(name): self.detectors[name].document(clip_id, pack, found) for name, found in frames.items()}

    def _look(self, picture: Image.Image, source: Size, wanted: Collection[str]) -> Seen:
        seen: dict[str, tuple[Box, ...]] = {}
        for name in wanted:
            if name == Task.FACES and Task.OBJECTS in seen:
                seen[name] = self._faces(picture, source, seen[Task.OBJECTS])
            else:
                seen[name] = self.detectors[name].find(picture, source)
        return seen

    def _faces(self, picture: Image.Image, source: Size, objects: tuple[Box, ...]) -> tuple[Box, ...]:
        faces = self.detectors[Task.FACES]
        if isinstance(faces, PanelDetector):
            return faces.find(picture, source)
        pieces = where_faces_may_be(objects, faces.scale(picture.size, source), source)
        return faces.find_in(picture, source, pieces) if pieces else ()
