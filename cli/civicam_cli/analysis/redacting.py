"""What to hide in every frame of an input, also in those that the analysis did not look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from civicam.contracts.footage import SERIES_MEDIA_TYPE
from civicam.contracts.vision import ClipBoxes, FrameBoxes
from civicam.runtime.detector import open_picture
from civicam.vision.boxes import Size
from civicam.vision.catalogue import Task
from civicam.vision.holding import hold
from civicam.vision.pack import Pack
from civicam.vision.redaction import Area, all_areas
from civicam_cli.analysis.choice import Models
from civicam_cli.analysis.document import Analysis, Wish, sample

OBJECTS_FPS = 4.0
"""Between two samples a plate is hidden wherever it may be: at a lower rate that would be everywhere."""


@dataclass(frozen=True)
class Redaction:
    """Every frame of an input, and what is to be hidden in each."""

    pack: Pack
    hidden: Sequence[tuple[Area, ...]]

    @property
    def source(self) -> Size:
        """What the areas are in pixels of."""
        return (self.pack.manifest.sampled.width, self.pack.manifest.sampled.height)


def redact(analysis: Analysis, wish: Wish, models: Models) -> Redaction:
    """Faces are looked for in every frame; people and vehicles as often as they were sampled, at least four a second.

    A picture of a series stands alone: what happened since the one before is anybody's guess.
    """
    pack = analysis.pack if wish.every_frame else sample(analysis.given, wish, fps=wish.fps, every_frame=True)
    faces = _look(analysis, Task.FACES, pack, models)
    is_series = analysis.given.media_type == SERIES_MEDIA_TYPE
    objects = _look(analysis, Task.OBJECTS, pack, models) if is_series else _objects(analysis, wish, models)
    if is_series:
        source = (faces.width, faces.height)
        pairs = zip(faces.frames, objects.frames, strict=True)
        return Redaction(pack, [all_areas((*one.boxes, *other.boxes), source) for one, other in pairs])
    times = [frame.time_s for frame in pack.frames]
    held = zip(hold(faces, times), hold(objects, times), strict=True)
    return Redaction(pack, [(*one, *other) for one, other in held])


def _objects(analysis: Analysis, wish: Wish, models: Models) -> ClipBoxes:
    """The boxes of the analysis where they are dense enough, else those of another look."""
    if Task.OBJECTS in analysis.boxes and analysis.clip.sampled.sampling_fps >= OBJECTS_FPS:
        return analysis.boxes[Task.OBJECTS]
    return _look(analysis, Task.OBJECTS, sample(analysis.given, wish, fps=OBJECTS_FPS), models)


def _look(analysis: Analysis, task: Task, pack: Pack, models: Models) -> ClipBoxes:
    choice = analysis.chosen.get(task) or models.choose(task, pack)
    source = (pack.manifest.sampled.width, pack.manifest.sampled.height)
    frames = (
        FrameBoxes(index=f.index, time_s=f.time_s, boxes=choice.detector.find(open_picture(f.jpeg), source))
        for f in pack.frames
    )
    return choice.detector.looker.document(analysis.clip.footage.clip_id, pack, frames)
