"""A pack: the sampled frames of one clip in one object, which all detectors share."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, Literal

from pydantic import Field, ValidationError

from civicam.contracts.base import Document
from civicam.contracts.errors import Inconsistent
from civicam.contracts.vision import Sampled, SampledInstant

MANIFEST_NAME = "pack.json"
JPEG_MAGIC = b"\xff\xd8\xff"
BROKEN = (zipfile.BadZipFile, ValidationError, KeyError, OSError, ValueError, RuntimeError, EOFError)
"""What zipfile and pydantic raise over a zip that is not what it says (RuntimeError: encrypted, or of a method)."""
_ANY_DATE = (1980, 1, 1, 0, 0, 0)


class Manifest(Document):
    """What lies in a pack: how the clip was sampled, which frames were kept, and which repeat the one before them."""

    version: Literal[1] = 1
    sampled: Sampled
    picture_width: int = Field(gt=0)
    """Size of the JPEG pictures in pixels; `sampled.width` and `sampled.height` are the source's."""
    picture_height: int = Field(gt=0)
    frames: tuple[SampledInstant, ...]
    """None where no picture showed anything: a condition in `sampled` says why."""
    still: tuple[SampledInstant, ...] = ()
    """Sampled frames that were not kept, because nothing had moved since the last kept one."""


@dataclass(frozen=True)
class Frame:
    """One kept frame; `index` counts the source's frames from 0, `time_s` is from the clip's start."""

    index: int
    time_s: float
    jpeg: bytes


class PackWriter:
    """Writes a pack to a file that can be seeked, frame by frame, so that no more than one lies in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)

    def add(self, index: int, jpeg: bytes) -> None:
        """Put one frame's picture into the pack."""
        self._zip.writestr(zipfile.ZipInfo(_picture_name(index), _ANY_DATE), jpeg)

    def close(self, manifest: Manifest) -> None:
        """Put the manifest in and finish the zip."""
        self._zip.writestr(zipfile.ZipInfo(MANIFEST_NAME, _ANY_DATE), manifest.model_dump_json())
        self._zip.close()


@dataclass(frozen=True)
class Pack:
    """The kept frames of one clip in the order of time."""

    manifest: Manifest
    frames: tuple[Frame, ...]

    def to_bytes(self) -> bytes:
        """The pack as a zip without compression: a JPEG per frame, then pack.json. Equal packs give equal bytes."""
        buffer = io.BytesIO()
        writer = PackWriter(buffer)
        for frame in self.frames:
            writer.add(frame.index, frame.jpeg)
        writer.close(self.manifest)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Pack":
        """The pack in a zip; raises Inconsistent where it is not exactly what its manifest says.

        The process that wrote it had a stranger's footage in its hands, so nothing in it is believed.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                return cls._read(archive)
        except BROKEN as error:
            raise Inconsistent(f"the pack of {len(raw)} bytes is broken: {error}") from error

    @classmethod
    def _read(cls, archive: zipfile.ZipFile) -> "Pack":
        members = archive.infolist()
        if any(m.compress_type != zipfile.ZIP_STORED or m.file_size != m.compress_size for m in members):
            raise ValueError("it has a compressed member")
        manifest = Manifest.model_validate_json(archive.read(MANIFEST_NAME))
        expected = [*(_picture_name(entry.index) for entry in manifest.frames), MANIFEST_NAME]
        if [member.filename for member in members] != expected or manifest.sampled.frames != len(manifest.frames):
            raise ValueError("its members are not those that its manifest lists")
        if not all(_ascends(entries) for entries in (manifest.frames, manifest.still)):
            raise ValueError("its frames are not in the order of time")
        return cls(manifest, tuple(_pictures(archive, manifest)))


def _picture_name(index: int) -> str:
    return f"{index:06d}.jpg"


def _ascends(entries: tuple[SampledInstant, ...]) -> bool:
    return all(one.index < other.index and one.time_s <= other.time_s for one, other in pairwise(entries))


def _pictures(archive: zipfile.ZipFile, manifest: Manifest) -> Iterator[Frame]:
    for entry in manifest.frames:
        jpeg = archive.read(_picture_name(entry.index))
        if not jpeg.startswith(JPEG_MAGIC):
            raise ValueError(f"{_picture_name(entry.index)} is no JPEG")
        yield Frame(entry.index, entry.time_s, jpeg)
