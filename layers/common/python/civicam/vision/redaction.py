"""What a picture that leaves the footage store may not show: faces, heads that may have one, bands where plates are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from civicam.contracts.vision import Box
from civicam.vision.boxes import Size

Corners = tuple[float, float, float, float]
"""x1 y1 x2 y2 in pixels of the source."""
Hidden = Literal["face", "head", "plate"]

FACE_MARGIN = 0.3
"""Of a face's box, on each side: hair, ears and chin, and what two detectors differ by."""
HEAD_SHOULDERS = 0.55
"""A head's height in widths of its person's box: the shoulders are about two heads wide (measured on walkers)..."""
HEAD_LEAST, HEAD_MOST = 0.2, 0.5
"""... but at least a seventh of a grown person, with room for a bent neck, and at most half of what the picture cut."""
RIDER_HEAD = 0.28
"""A rider's head as a share of rider and machine, which together are hardly higher than the rider alone."""
HEAD_MARGIN = 0.03
"""Above a person's box, of its height."""
HEAD_PX_MIN = 16.0
"""A head no higher than this has a face that nobody knows again: a person of 80 pixels, a rider of 57."""
VEHICLE_PX_MIN = 40.0
"""A vehicle whose longer side is no longer than this has a plate below 10 pixels: nobody can read it."""
BANDS: dict[str, tuple[float, float]] = {
    "car": (0.45, 1.05),
    "truck": (0.5, 1.05),
    "bus": (0.55, 1.05),
    "two_wheeler": (0.45, 0.85),
    "motorcycle": (0.1, 0.8),
}
"""Where a plate may be, from and to, as shares of the box's height; over its whole width.

The end of a vehicle that shows its plate is the one near the camera, so it lies low in the box: a car's plate at 0.6 to
0.9 of the height from level to steep views, a lorry's and a bus's lower, since their boxes are higher. A motorcycle's
only plate is on the rear mudguard: under the seat, in the middle where a rider is boxed with it, and anywhere but the
ends where it stands alone. The whole width, because a vehicle seen aslant shows its end at one side of the box. A
bicycle has none.
"""


@dataclass(frozen=True, slots=True)
class Area:
    """One rectangle to be hidden, and why."""

    kind: Hidden
    corners: Corners


def areas(box: Box) -> tuple[Area, ...]:
    """The face or the plate that one box asks to hide, whatever its score."""
    x1, y1, x2, y2 = box.xyxy
    if box.label == "face":
        return (Area("face", grown(box.xyxy, FACE_MARGIN)),)
    if box.label in BANDS and max(x2 - x1, y2 - y1) > VEHICLE_PX_MIN:
        low, high = (y1 + share * (y2 - y1) for share in BANDS[box.label])
        return (Area("plate", (x1, low, x2, high)),)
    return ()


def all_areas(boxes: Iterable[Box], source: Size) -> tuple[Area, ...]:
    """What is to be hidden in a picture that stands alone, within its bounds.

    Heads too: a face that the detector misses here is found in no picture before or after. (Measured on two people who
    walk up, degraded in nine ways: of 48 faces that a second detector found beside the first one's, heads hid 19. In a
    clip holding them over time hid 42, and heads on top of that none, so there they stay.)
    """
    asked = (area for box in boxes for area in (*areas(box), *heads(box)))
    return tuple(part for area in asked for part in within(area, source))


def heads(box: Box) -> tuple[Area, ...]:
    """The head of a person or a rider, where it is large enough for a face that somebody may know."""
    x1, y1, x2, y2 = box.xyxy
    width, height = x2 - x1, y2 - y1
    if box.label == "person":
        share = min(HEAD_MOST, max(HEAD_LEAST, HEAD_SHOULDERS * width / max(height, 1.0)))
    elif box.label == "two_wheeler":
        share = RIDER_HEAD
    else:
        return ()
    head = Area("head", (x1, y1 - HEAD_MARGIN * height, x2, y1 + share * height))
    return (head,) if share * height > HEAD_PX_MIN else ()


def within(area: Area, source: Size) -> tuple[Area, ...]:
    """The part of the area that lies in the picture; none where nothing of it does."""
    x1, y1, x2, y2 = area.corners
    corners = (max(0.0, x1), max(0.0, y1), min(float(source[0]), x2), min(float(source[1]), y2))
    return (Area(area.kind, corners),) if corners[0] < corners[2] and corners[1] < corners[3] else ()


def grown(corners: Corners, share: float) -> Corners:
    """The rectangle with this share of its sides more on each side."""
    x1, y1, x2, y2 = corners
    across, down = share * (x2 - x1), share * (y2 - y1)
    return (x1 - across, y1 - down, x2 + across, y2 + down)


def hull(one: Corners, other: Corners) -> Corners:
    """The rectangle around two."""
    return (min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))
