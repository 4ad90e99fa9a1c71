"""Loads all that decoding will need: a confined child can open nothing, not even a module for its first use."""

import importlib
import io
import pkgutil
import zipfile
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import av
import numpy as np
from PIL import Image

from civicam.contracts.base import now
from civicam.contracts.ids import compact_time
from civicam.runtime.packing import write_pack
from civicam.runtime.pictures import encode_jpeg
from civicam.runtime.sandbox_protocol import SampleRequest

LOADED_ON_FIRST_USE = ("encodings.cp437", "PIL.JpegImagePlugin", "PIL.MpoImagePlugin", "PIL.TiffImagePlugin")
_SIDE = 32


def load_everything() -> None:
    """Import every module of PyAV and what Pillow and zipfile fetch late, then sample a tiny clip and a tiny series."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in LOADED_ON_FIRST_USE:
        importlib.import_module(name)
    start = now()
    for media_type, footage in (("video/mp4", _clip()), ("application/zip", _series(start))):
        write_pack(footage, SampleRequest(media_type=media_type, capture_start=start, fps=5), io.BytesIO())


def _clip() -> io.BytesIO:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(10), width=_SIDE, height=_SIDE, pix_fmt="yuv420p")
        for level in (0, 120, 250):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(_picture(level), format="rgb24")))
        container.mux(stream.encode(None))
    return file


def _series(start: datetime) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for second in range(2):
            name = f"{compact_time((start + timedelta(seconds=second)).astimezone(UTC))}.jpg"
            archive.writestr(name, encode_jpeg(Image.fromarray(_picture(100 * second))))
    return file


def _picture(level: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((_SIDE, _SIDE, 3), level, dtype=np.uint8)
