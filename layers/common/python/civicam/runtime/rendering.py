"""Pictures that may leave the footage store: what they may not show is painted over before anything else is done."""

import io
from collections.abc import Iterable, Sequence
from math import ceil, floor

from PIL import Image, ImageDraw

from civicam.contracts.vision import Box
from civicam.vision.boxes import Size
from civicam.vision.redaction import Area, all_areas

FILL = (58, 62, 68)
"""One colour that owes nothing to what it covers. A mosaic keeps something: of faces enough to tell them apart
(McPherson et al. 2016, arXiv 1609.00408), and over the frames of a clip more than in one."""
JPEG_QUALITY = 88
OUTLINES = {"person": (255, 196, 0), "face": (255, 255, 255)}
VEHICLE_OUTLINE = (0, 200, 255)


def redacted_picture(picture: Image.Image, source: Size, boxes: Iterable[Box], drawn: Sequence[Box] = ()) -> bytes:
    """A JPEG of the picture with every face, head and plate band hidden that the boxes tell of.

    `picture` may be a smaller copy of the `source` that the boxes are in pixels of. Give the boxes of both passes, the
    faint ones too (`ClipBoxes.frames[...].boxes` as they are). `drawn` are outlined, over what is hidden. The picture
    that was given stays as it was; the JPEG has no metadata.
    """
    image = hide(picture, source, all_areas(boxes, source))
    draw, scale = ImageDraw.Draw(image), _scale(image, source)
    for box in drawn:
        corners = [value * scale[place % 2] for place, value in enumerate(box.xyxy)]
        draw.rectangle(corners, outline=OUTLINES.get(box.label, VEHICLE_OUTLINE), width=2)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def hide(picture: Image.Image, source: Size, areas: Iterable[Area]) -> Image.Image:
    """A copy with the areas, which are in pixels of the source, painted over; a pixel touched is a pixel hidden."""
    image = Image.new("RGB", picture.size)
    image.paste(picture)
    across, down = _scale(image, source)
    for area in areas:
        x1, y1, x2, y2 = area.corners
        corners = (floor(x1 * across), floor(y1 * down), ceil(x2 * across), ceil(y2 * down))
        image.paste(FILL, corners)
    return image


def _scale(image: Image.Image, source: Size) -> tuple[float, float]:
    return image.width / source[0], image.height / source[1]
