"""Model files in MODELS_BUCKET under `models/{sha256}`, so that a replay with an old model needs no deployment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from aws_lambda_powertools import Logger

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.errors import NotFound
from civicam.runtime.detector import Detector
from civicam.runtime.looking import ClipDetector
from civicam.runtime.models import Source, load_first, load_model
from civicam.runtime.runtimes import network_for
from civicam.vision.catalogue import Catalogue, Model, Task, load_catalogue

logger = Logger(child=True)


@dataclass(frozen=True)
class ModelStore:
    """The bucket by its name."""

    bucket: str

    @classmethod
    def from_env(cls) -> Self:
        """The store of MODELS_BUCKET."""
        return cls(setting("MODELS_BUCKET"))

    @property
    def title(self) -> str:
        """The bucket's name."""
        return self.bucket

    def read(self, model: Model) -> bytes | None:
        """The file under the model's digest, unchecked."""
        try:
            return clients.s3().get_object(Bucket=self.bucket, Key=_key(model))["Body"].read()
        except clients.s3().exceptions.NoSuchKey:
            return None

    def holds(self, model: Model) -> bool:
        """Whether something lies under the model's digest."""
        found = clients.s3().list_objects_v2(Bucket=self.bucket, Prefix=_key(model), MaxKeys=1)
        return found["KeyCount"] > 0

    def put(self, model: Model, file: bytes) -> None:
        """Put the model's file there; `file` as `load_model` gives it, so that a key has always the same bytes."""
        clients.s3().put_object(Bucket=self.bucket, Key=_key(model), Body=file, ContentType="application/octet-stream")


def _key(model: Model) -> str:
    return f"models/{model.sha256}"


def wanted_models(task: Task, catalogue: Catalogue) -> tuple[Model, ...]:
    """The models for a pass, as they are tried: those that OBJECTS_MODELS or FACES_MODELS names, then the floor.

    Raises NotFound for a name that the catalogue does not know.
    """
    named = [name.strip() for name in os.environ.get(f"{task.upper()}_MODELS", "").split(",") if name.strip()]
    chosen = [catalogue.model(name) for name in named]
    return (*chosen, catalogue.floor(task))


def load_exactly(model: Model) -> Detector:
    """The detector of this model and no other, from MODELS_BUCKET; raises as `load_model`."""
    return Detector(model, network_for(model, load_model(model, [ModelStore.from_env()])))


def load_detector(task: Task, source: Source | None = None) -> Detector:
    """The detector of a pass, from MODELS_BUCKET unless told otherwise.

    A model whose file is not what the catalogue says is refused, loudly, and the next one goes on. Raises as
    `load_model` where none is left.
    """
    models = wanted_models(task, load_catalogue())
    model, file, refused = load_first(models, [source or ModelStore.from_env()])
    for refusal in refused:
        say = logger.warning if isinstance(refusal.error, NotFound) else logger.error
        say("model not used", model=refusal.model.name, reason=refusal.error.reason, error=str(refusal.error))
    network = network_for(model, file)
    logger.info(
        "model loaded",
        model=model.name,
        digest=model.sha256,
        provider=network.provider,
        precision=network.precision,
    )
    return Detector(model, network)


def load_clip_detector(named: Mapping[str, str] | None = None) -> ClipDetector[Detector]:
    """A detector for each pass: of exactly the model that is `named` for it, else as `load_detector` gives it."""
    catalogue, chosen = load_catalogue(), named or {}
    return ClipDetector(
        {
            str(task): load_exactly(catalogue.model(chosen[task])) if task in chosen else load_detector(task)
            for task in Task
        }
    )
