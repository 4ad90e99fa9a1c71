"""A person's file as footage: a clip, a series, or one picture (which becomes a series of one)."""

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from PIL import Image

from civicam.contracts.base import utc_text
from civicam.contracts.errors import Rejected
from civicam.contracts.footage import SERIES_MEDIA_TYPE
from civicam.runtime.pictures import encode_jpeg
from civicam.vision.containers import HEAD_BYTES, sniff

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Input:
    """What lies behind one argument."""

    path: Path
    media_type: str
    footage: Path | bytes
    sha256: str
    size_bytes: int


def open_input(path: Path, capture_start: datetime) -> Input:
    """The file, known by its own bytes; what is no container that is taken goes on as MP4, and is refused as such.

    Raises Rejected (`missing`, `unreadable`, `not_a_picture`).
    """
    if not path.is_file():
        raise Rejected("missing", "there is no such file" if not path.is_dir() else "it is a folder: name its files")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            sha256 = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Rejected("unreadable", f"it cannot be read: {error.strerror}") from error
    if head.startswith((JPEG, PNG)):
        footage = _series_of_one(path, capture_start)
        return Input(path, SERIES_MEDIA_TYPE, footage, sha256, len(footage))
    return Input(path, sniff(head) or "video/mp4", path, sha256, max(1, path.stat().st_size))


def _series_of_one(path: Path, capture_start: datetime) -> bytes:
    picture = path.read_bytes()
    if picture.startswith(PNG):
        picture = _as_jpeg(picture)
    name = f"{re.sub(r'[-:.]', '', utc_text(capture_start))}.jpg"
    series = io.BytesIO()
    with zipfile.ZipFile(series, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(name), picture)
    return series.getvalue()


def _as_jpeg(png: bytes) -> bytes:
    try:
        return encode_jpeg(Image.open(io.BytesIO(png), formats=["PNG"]).convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise Rejected("not_a_picture", f"the picture cannot be decoded: {error}") from error
