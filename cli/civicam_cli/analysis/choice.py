"""Which models look at the footage: those that were named, else the best of those that are here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from civicam.contracts.errors import NotFound
from civicam.contracts.vision import Box
from civicam.runtime.detector import Detector, open_picture
from civicam.runtime.models import Source, load_model
from civicam.runtime.network import Network
from civicam.runtime.panel import PanelDetector
from civicam.runtime.runtimes import network_for
from civicam.vision.catalogue import Catalogue, Model, Panel, Task
from civicam.vision.choosing import FRAMES_MIN, PANEL_FRAMES_MAX, WIDTH, Grey, best, cover, moving, spread
from civicam.vision.pack import Pack
from civicam_cli.model_sources import anywhere, here

Looks = Detector | PanelDetector


@dataclass(frozen=True)
class Choice:
    """A detector and why it is this one."""

    detector: Looks
    reason: str

    def described(self) -> dict[str, object]:
        """What the document says of the model."""
        looker = self.detector.looker
        return {
            "name": looker.name,
            "sha256": looker.digest,
            "licence": " and ".join(dict.fromkeys(licence.name for licence in looker.licences)),
            "licence_clear": all(licence.clear for licence in looker.licences),
            "chosen": self.reason,
        }


@dataclass
class Models:
    """The models and panels of this machine, each loaded once."""

    catalogue: Catalogue
    named: Sequence[str] = ()
    panel_frames_max: int = PANEL_FRAMES_MAX
    _loaded: dict[str, Looks] = field(default_factory=dict)
    _networks: dict[str, Network] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.named:
            self._load(self.catalogue.entry(name), anywhere())

    def choose(self, task: Task, pack: Pack) -> Choice:
        """The detector of a pass for this footage. Raises NotFound where no model is here."""
        for name in self.named:
            if self.catalogue.entry(name).task is task:
                return Choice(self._loaded[name], "named")
        able = self.able(task, panels=len(pack.frames) <= self.panel_frames_max)
        if not able:
            raise NotFound(f"no model for {task} is here: run `make setup`, or `civicam models fetch`")
        if task is Task.OBJECTS and len(able) > 1 and len(pack.frames) >= FRAMES_MIN:
            return self._by_cover(able, pack)
        return Choice(able[0], "the best ranked of those that are here")

    def _by_cover(self, able: Sequence[Looks], pack: Pack) -> Choice:
        sampled = pack.manifest.sampled
        pictures = [open_picture(pack.frames[place].jpeg) for place in spread(len(pack.frames))]
        moved = moving([small_grey(picture) for picture in pictures])
        size = (sampled.width, sampled.height)
        covers = {}
        for detector in able:
            boxes = [_counted(detector.find(picture, size), detector.looker.counting) for picture in pictures]
            covers[detector.looker.name] = round(cover(moved, boxes, size), 3)
        chosen = best(covers)
        found = ", ".join(f"{name} {covered}" for name, covered in covers.items())
        reason = f"its boxes cover what moves as well as any (intersection over union: {found})"
        return Choice(next(one for one in able if one.looker.name == chosen), reason)

    def able(self, task: Task, *, panels: bool = True) -> list[Looks]:
        """Every model, and every panel where they may be, whose files are here, the best ranked first."""
        able: list[Looks] = []
        for entry in self.catalogue.ranked(task) if panels else self.catalogue.of(task):
            try:
                able.append(self._load(entry, here()))
            except NotFound:
                continue
        return able

    def _load(self, entry: Model | Panel, sources: Sequence[Source]) -> Looks:
        if entry.name not in self._loaded:
            if isinstance(entry, Panel):
                members = [self._detector(model, sources) for model in self.catalogue.members(entry)]
                self._loaded[entry.name] = PanelDetector(entry, members)
            else:
                self._loaded[entry.name] = self._detector(entry, sources)
        return self._loaded[entry.name]

    def _detector(self, model: Model, sources: Sequence[Source]) -> Detector:
        if model.name not in self._networks:
            # The same file shall say the same on every machine, so here exactness goes before speed.
            self._networks[model.name] = network_for(model, load_model(model, sources), "f32")
        return Detector(model, self._networks[model.name])


def _counted(boxes: Sequence[Box], counting: Mapping[str, float]) -> list[Box]:
    return [box for box in boxes if box.score >= counting.get(box.label, 0.0)]


def small_grey(picture: Image.Image) -> Grey:
    """A picture as small as movement is looked for in it."""
    height = max(1, round(WIDTH * picture.height / picture.width))
    return np.asarray(picture.convert("L").resize((WIDTH, height), Image.Resampling.BOX))
