"""Model files: taken from the first source that has the one that the catalogue means, refused where they are not it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from civicam.contracts.errors import NotFound, Rejected
from civicam.runtime.onnx_file import admit_onnx
from civicam.vision.catalogue import Model


class Source(Protocol):
    """A place that may have model files."""

    @property
    def title(self) -> str:
        """What a message calls it."""

    def read(self, model: Model) -> bytes | None:
        """The file's bytes as they lie there, unchecked; None where there is none."""


@dataclass(frozen=True)
class Folder:
    """A folder that holds model files by the names of the catalogue."""

    path: Path

    @property
    def title(self) -> str:
        """The folder's path."""
        return str(self.path)

    def read(self, model: Model) -> bytes | None:
        """The file of that name."""
        path = self.path / model.file
        return path.read_bytes() if path.is_file() else None


def load_model(model: Model, sources: Iterable[Source]) -> bytes:
    """The model's file, its digest and its content admitted, from the first source that has it.

    A source that has another file under its name is passed over. Raises NotFound where none has any, Rejected
    (`wrong_digest`, or as `admit_onnx`) where every file that was found is refused.
    """
    asked: list[str] = []
    wrong: list[str] = []
    for source in sources:
        asked.append(source.title)
        raw = source.read(model)
        if raw is None:
            continue
        if hashlib.sha256(raw).hexdigest() != model.sha256:
            wrong.append(source.title)
            continue
        admit_onnx(raw)
        return raw
    if wrong:
        raise Rejected(
            "wrong_digest",
            f"the file of model {model.name} in {', '.join(wrong)} is not the one of the catalogue "
            f"(SHA-256 {model.sha256[:16]}...): remove it and run `civicam models fetch {model.name}`",
        )
    raise NotFound(
        f"no file of model {model.name} in {', '.join(asked) or 'any place'}: `civicam models list` says where from"
    )


@dataclass(frozen=True)
class Refusal:
    """A model that was asked for and could not be used, and why."""

    model: Model
    error: Rejected


def load_first(models: Sequence[Model], sources: Sequence[Source]) -> tuple[Model, bytes, tuple[Refusal, ...]]:
    """The first of the models that can be had, its file, and what was refused before it.

    So a function goes on with the last good model where the file of a newer one is not what it should be. Raises as
    `load_model` where no model can be had.
    """
    refused: list[Refusal] = []
    for model in models:
        try:
            return model, load_model(model, sources), tuple(refused)
        except Rejected as error:
            refused.append(Refusal(model, error))
    raise refused[0].error if refused else NotFound("no model was asked for")
