"""Where a person's machine has model files from: its folders, the mirror, the unpacked wheels, the pinned addresses."""

import os
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from civicam.contracts.errors import NotFound, Unavailable
from civicam.runtime.models import Folder, Source
from civicam.vision.catalogue import Model
from civicam_cli.places import ROOT, VAR
from civicam_cli.wheels import wheel_file

FETCHED = Folder(VAR / "models")
"""Where `civicam models fetch` puts what is not here already."""
PACKAGED = Folder(ROOT / "models" / "packaged")
BESIDE = ROOT.parent / "shared" / "models"
"""The mirror where CIVICAM_MODEL_MIRROR does not say: a folder beside the checkout. (Set to nothing, none.)"""
TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Wheels:
    """The packages of models/packaged.lock, unpacked."""

    title: str = "var/wheels"

    def read(self, model: Model) -> bytes | None:
        """The file inside the wheel that the catalogue names."""
        wheel = model.origin.wheel
        if wheel is None:
            return None
        try:
            return wheel_file(wheel.package, wheel.path).read_bytes()
        except NotFound:
            return None


@dataclass(frozen=True)
class PinnedAddress:
    """Upstream, at the commit that the catalogue names."""

    title: str = "the pinned address"

    def read(self, model: Model) -> bytes | None:
        """What lies there, up to one byte more than it should be; raises Unavailable where nobody answers."""
        if model.origin.address is None:
            return None
        try:
            with urllib.request.urlopen(model.origin.address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the catalogue admits https alone
                return bytes(answer.read(model.size_bytes + 1))
        except (URLError, TimeoutError, OSError) as error:
            raise Unavailable(
                f"{model.origin.address} does not answer ({error}): set CIVICAM_MODEL_MIRROR, or try again"
            ) from error


def mirror() -> tuple[Folder, ...]:
    """The folder of models from upstream; none where there is no such folder."""
    folder = Path(os.environ.get("CIVICAM_MODEL_MIRROR", BESIDE) or os.devnull)
    return (Folder(folder),) if folder.is_dir() else ()


def here() -> tuple[Source, ...]:
    """The sources that need no network, in the order in which they are asked."""
    return (PACKAGED, FETCHED, *mirror(), Wheels())


def anywhere() -> tuple[Source, ...]:
    """Those, and then upstream."""
    return (*here(), PinnedAddress())
