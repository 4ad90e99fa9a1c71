"""Picture series: a zip of JPEG pictures, each named by its capture time (`20261124T104500123Z.jpg`)."""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from civicam.contracts.errors import Rejected
from civicam.runtime.pictures import bounded, encode_jpeg
from civicam.vision.admission import Limits, Reason, admit_length, admit_picture
from civicam.vision.sampling import Luma, Timeline

PICTURE_NAME = re.compile(r"(\d{8}T\d{6})(\d{3})Z\.jpg")
MAX_PICTURE_BYTES = 20_000_000
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, SyntaxError, RuntimeError)
"""What zipfile, zlib and Pillow raise over a broken picture (SyntaxError is Pillow's for a broken JPEG marker)."""
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}

Image.MAX_IMAGE_PIXELS = None  # our own limit is asked before a pixel is decoded


@dataclass(frozen=True)
class SeriesPicture:
    """A `Picture` of a series, decoded."""

    index: int
    decoded: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as displayed."""
        return self.decoded.size

    def luma(self) -> Luma:
        """Brightness of every pixel."""
        return np.asarray(self.decoded.convert("L"))

    def image(self, long_side: int) -> Image.Image:
        """RGB, scaled by area."""
        size = bounded(self.decoded.size, long_side)
        return self.decoded if size == self.decoded.size else self.decoded.resize(size, Image.Resampling.BOX)

    def jpeg(self, long_side: int) -> bytes:
        """Of the highest quality: pictures come seldom, and were coded once already."""
        return encode_jpeg(self.image(long_side))


class Series:
    """One zip of pictures, opened: a `Reader`. Raises Rejected for what cannot be used."""

    def __init__(self, file: BinaryIO, capture_start: datetime, declared_seconds: float | None, limits: Limits) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise Rejected(Reason.TRUNCATED, f"the zip's directory cannot be read ({error}): send it again") from error
        self._limits = limits
        self._members = sorted(self._zip.infolist(), key=lambda member: member.filename)
        admit_members(self._members, limits)
        self.timeline = _timeline(self._members, capture_start, declared_seconds)
        self.damaged = 0
        admit_length(self.timeline.duration_s, len(self._members), limits)

    def picture(self, index: int, *, alone: bool) -> SeriesPicture | None:  # noqa: ARG002 - each is by itself
        """One picture, None where it is broken."""
        decoded = self._decoded(self._members[index])
        self.damaged += decoded is None
        return SeriesPicture(index, decoded) if decoded else None

    def _decoded(self, member: zipfile.ZipInfo) -> Image.Image | None:
        try:
            with self._zip.open(member) as packed:
                raw = packed.read(member.file_size)
            image = Image.open(io.BytesIO(raw), formats=["JPEG"])
            admit_picture(*image.size, self._limits)
            upright = ImageOps.exif_transpose(image).convert("RGB")
        except BROKEN:
            return None
        upright.info.clear()  # comments and profiles would be written into the pack
        return upright


def admit_members(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Raises Rejected (`not_a_series`, `decompression_bomb`) by the zip's directory, before anything is unpacked."""
    for member in members:
        if not PICTURE_NAME.fullmatch(member.filename) or member.compress_type not in METHODS:
            raise Rejected(
                Reason.NOT_A_SERIES,
                f"member {member.filename[:80]!r} is no picture named by its time, such as 20261124T104500123Z.jpg",
            )
        if member.flag_bits & 0x1:
            raise Rejected(Reason.NOT_A_SERIES, f"member {member.filename!r} is encrypted: send the pictures plainly")
    if len({member.filename for member in members}) != len(members):
        raise Rejected(Reason.NOT_A_SERIES, "two pictures bear the same time: name each by its own")
    unpacked = [member.file_size for member in members]
    if sum(unpacked) > limits.max_bytes or max(unpacked, default=0) > MAX_PICTURE_BYTES:
        raise Rejected(
            Reason.DECOMPRESSION_BOMB, f"the pictures unpack to {sum(unpacked)} bytes: send JPEG pictures as they are"
        )


def _timeline(members: list[zipfile.ZipInfo], start: datetime, declared_seconds: float | None) -> Timeline:
    """Pictures at their times; the series lasts as long as it was declared, else until its last picture's successor."""
    since = [(_capture_time(member.filename) - start).total_seconds() for member in members]
    if since and since[0] < 0:
        raise Rejected(
            Reason.WRONG_LENGTH,
            f"picture {members[0].filename} is older than the series: state capture_start as filmed",
        )
    times, each = np.array(since, dtype=np.float64), np.ones(len(since), dtype=np.bool_)
    last = since[-1] if since else 0.0
    following = last + Timeline(times, each, 1.0).spacing_s
    return Timeline(times, each, max(last, declared_seconds or following))


def _capture_time(name: str) -> datetime:
    matched = PICTURE_NAME.fullmatch(name)
    try:
        second, millis = matched.groups() if matched else ("", "")
        return datetime.strptime(second, "%Y%m%dT%H%M%S").replace(tzinfo=UTC, microsecond=int(millis) * 1000)
    except ValueError as error:
        raise Rejected(Reason.NOT_A_SERIES, f"{name!r} names no time that exists: name pictures by theirs") from error
