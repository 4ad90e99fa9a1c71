"""Which models look at the footage: those that were named, else the best of those that are here."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from civicam.contracts.errors import NotFound
from civicam.contracts.vision import Box
from civicam.runtime.detector import Detector, open_picture, providers
from civicam.runtime.models import Source, load_model
from civicam.vision.catalogue import Catalogue, Model, Task
from civicam.vision.choosing import FRAMES_MIN, WIDTH, best, cover, moving, spread
from civicam.vision.pack import Pack
from civicam_cli.model_sources import anywhere, here


@dataclass(frozen=True)
class Choice:
    """A detector and why it is this one."""

    detector: Detector
    reason: str

    def described(self) -> dict[str, object]:
        """What the document says of the model."""
        model = self.detector.model
        return {
            "name": model.name,
            "sha256": model.sha256,
            "licence": model.licence.name,
            "licence_clear": model.licence.clear,
            "chosen": self.reason,
        }


@dataclass
class Models:
    """The models of this machine, each loaded once."""

    catalogue: Catalogue
    named: Sequence[str] = ()
    _loaded: dict[str, Detector] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.named:
            self._detector(self.catalogue.model(name), anywhere())

    def choose(self, task: Task, pack: Pack) -> Choice:
        """The detector of a pass for this footage. Raises NotFound where no model is here."""
        for name in self.named:
            if self.catalogue.model(name).task is task:
                return Choice(self._loaded[name], "named")
        able = self._able(task)
        if not able:
            raise NotFound(f"no model for {task} is here: run `make setup`, or `civicam models fetch`")
        if task is Task.OBJECTS and len(able) > 1 and len(pack.frames) >= FRAMES_MIN:
            return self._by_cover(able, pack)
        return Choice(able[0], "the best ranked of those that are here")

    def _by_cover(self, able: Sequence[Detector], pack: Pack) -> Choice:
        sampled = pack.manifest.sampled
        pictures = [open_picture(pack.frames[place].jpeg) for place in spread(len(pack.frames))]
        moved = moving([_small(picture) for picture in pictures])
        size = (sampled.width, sampled.height)
        covers = {}
        for detector in able:
            counting = detector.model.output.counting
            boxes = [_counted(detector.find(picture, size), counting) for picture in pictures]
            covers[detector.model.name] = round(cover(moved, boxes, size), 3)
        chosen = best(covers)
        found = ", ".join(f"{name} {covered}" for name, covered in covers.items())
        reason = f"its boxes cover what moves as well as any (intersection over union: {found})"
        return Choice(next(one for one in able if one.model.name == chosen), reason)

    def _able(self, task: Task) -> list[Detector]:
        """Detectors of every model whose file is here, the best ranked first."""
        able = []
        for model in self.catalogue.of(task):
            try:
                able.append(self._detector(model, here()))
            except NotFound:
                continue
        return able

    def _detector(self, model: Model, sources: Sequence[Source]) -> Detector:
        if model.name not in self._loaded:
            self._loaded[model.name] = Detector(model, load_model(model, sources), providers())
        return self._loaded[model.name]


def _counted(boxes: Sequence[Box], counting: dict[str, float]) -> list[Box]:
    return [box for box in boxes if box.score >= counting.get(box.label, 0.0)]


def _small(picture: Image.Image) -> np.typing.NDArray[np.uint8]:
    height = max(1, round(WIDTH * picture.height / picture.width))
    return np.asarray(picture.convert("L").resize((WIDTH, height), Image.Resampling.BOX))
