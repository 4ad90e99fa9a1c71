"""A minute of pictures as one object: a zip of JPEG pictures, each named by its capture time."""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime

from civicam.contracts.ids import compact_time


def picture_name(moment: datetime) -> str:
    """`20261124T104500123Z.jpg`."""
    return f"{compact_time(moment)}.jpg"


def pack(pictures: Mapping[str, bytes]) -> bytes:
    """The zip of pictures by name, stored plainly: the same bytes whoever packs the same pictures, and whenever."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(pictures):
            archive.writestr(zipfile.ZipInfo(name), pictures[name])
    return packed.getvalue()
