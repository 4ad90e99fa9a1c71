"""A look at a clip where it was filmed, by the city's own code: only boxes and redacted pictures go further."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from threading import Lock

from civicam.contracts.recorders import Instruction
from civicam.contracts.vision import ClipBoxes
from civicam.runtime.detector import Detector, open_picture
from civicam.runtime.looking import ClipDetector
from civicam.runtime.models import Folder, load_first
from civicam.runtime.rendering import redacted_picture
from civicam.runtime.runtimes import network_for
from civicam.runtime.sandbox import sample
from civicam.runtime.sandbox_protocol import SampleRequest
from civicam.vision.catalogue import Task, load_catalogue
from civicam.vision.look import Look
from civicam.vision.pack import Pack
from containers.cameras.recorder.recordings import Recorded

logger = logging.getLogger("recorder")


@dataclass(frozen=True)
class EdgeLooking:
    """Model files in a folder, by the catalogue's names. Of those `named` the first one looks, or the floor."""

    models: Path
    named: Sequence[str] = ()
    _one_at_a_time: Lock = field(default_factory=Lock, repr=False)

    def look(self, clip: Recorded, media_type: str, wanted: Instruction) -> bytes:
        """The look at a clip, as bytes that are the same for the same clip.

        Raises Rejected for a clip that cannot be used, NotFound where a model's file is missing.
        """
        request = SampleRequest(
            media_type=media_type,
            capture_start=clip.capture_start,
            capture_end=clip.capture_end,
            fps=wanted.sampling_fps,
        )
        with self._one_at_a_time:
            pack = sample(clip.segment.body, request)
            boxes = self._detector.detect("", pack, tuple(Task))
        return Look(boxes, redacted(pack, boxes)).to_bytes()

    @cached_property
    def _detector(self) -> ClipDetector[Detector]:
        """A detector for each pass: whoever hides faces and plates must look for both, whatever is wanted."""
        return ClipDetector({str(task): self._load(task) for task in Task})

    def _load(self, task: Task) -> Detector:
        catalogue = load_catalogue()
        named = [model for name in self.named if (model := catalogue.model(name)).task is task]
        model, file, refused = load_first((*named, catalogue.floor(task)), [Folder(self.models)])
        for refusal in refused:
            logger.warning("model %s is not used: %s", refusal.model.name, refusal.error)
        logger.info("model %s looks for %s", model.name, task)
        return Detector(model, network_for(model, file))


def redacted(pack: Pack, boxes: Mapping[str, ClipBoxes]) -> Pack:
    """The pack with everybody in it hidden, picture by picture, as far as the passes found them."""
    sampled = pack.manifest.sampled
    seen = zip(*(found.frames for found in boxes.values()), strict=True)
    hidden = (
        replace(
            frame,
            jpeg=redacted_picture(
                open_picture(frame.jpeg),
                (sampled.width, sampled.height),
                chain.from_iterable(one.boxes for one in found),
            ),
        )
        for frame, found in zip(pack.frames, seen, strict=True)
    )
    return replace(pack, frames=tuple(hidden))
