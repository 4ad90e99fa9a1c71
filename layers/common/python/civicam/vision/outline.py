"""The outline of a view: how edges run in each field of the picture. It knows a place again, and shows nobody."""

import numpy as np
from numpy.typing import NDArray

Outline = tuple[int, ...]
"""ROWS x COLUMNS x 2 whole numbers, row by row: of each field's edges the part that runs along and across, and the part
that runs aslant, in hundredths (-100..100). Empty where a clip gave none."""
Fields = NDArray[np.float64]

COLUMNS, ROWS = 12, 7
NUMBERS = 2 * ROWS * COLUMNS
STRAP_SHARE = 0.08
"""So much of the picture's height is left out above and below: clocks and names written into it never move."""
EDGE_MAX = 40.0
"""A stronger edge counts as this one: a lamp at night is no larger part of the view than a kerb by day."""
EDGE_MIN = 4.0
"""Levels over two cells that are no edge but noise."""
LIKE_MIN = 0.55
"""Below this likeness it is another view: four pictures of a junction, by night and by day, fit others of it by 0.6 and
more, those of other junctions by 0.47 at most (tests/vision/test_aim.py)."""
BETTER_BY = 0.08
"""A view is displaced that fits so much better when it is moved by a field: found from a thirtieth of the width on."""


def outline(picture: NDArray[np.int16]) -> Fields:
    """The fields of one small picture, (ROWS, COLUMNS, 2), each -1..1: structure tensors (Bigun, Granlund 1987).

    Their direction hardly depends on the light, so that the day's outline fits the night's.
    """
    strap = round(STRAP_SHARE * picture.shape[0])
    grey = picture[strap : picture.shape[0] - strap].astype(np.float32)
    if min(grey.shape) < max(COLUMNS, ROWS) + 2:
        return np.zeros((ROWS, COLUMNS, 2))
    across, down = grey[1:-1, 2:] - grey[1:-1, :-2], grey[2:, 1:-1] - grey[:-2, 1:-1]
    along, aslant, whole = across**2 - down**2, 2 * across * down, across**2 + down**2
    strength = np.sqrt(whole)
    weight = np.where(strength >= EDGE_MIN, np.minimum(strength, EDGE_MAX), 0) / np.maximum(whole, 1)
    sums = [_by_field(part * weight) for part in (along, aslant, whole)]
    fields: Fields = np.stack(sums[:2], axis=2) / (sums[2][..., None] + 1.0)
    return fields


def settled(seen: list[Fields]) -> Outline:
    """What several pictures of a clip have in common: field by field the median, which what passes does not disturb."""
    if not seen:
        return ()
    return tuple(int(number) for number in np.rint(100 * np.median(seen, axis=0)).ravel())


def likeness(known: Outline, seen: Outline) -> float:
    """How far two outlines are one view, -1..1: 1 the same, about 0 unrelated; 0 where either is empty."""
    return _fit(_fields(known), _fields(seen), 0, 0) if known and seen else 0.0


def is_same_view(known: Outline, seen: Outline, like_min: float = LIKE_MIN) -> bool:
    """Whether what was drawn over the view `known` still lies where it did.

    Not so where too little fits, or where more would fit if the picture were moved. Whoever keeps several views of one
    camera (its presets) asks for each, and takes the one of highest `likeness` among those that are the same.
    """
    before, after = _fields(known), _fields(seen)
    in_place = _fit(before, after, 0, 0)
    moved = max(_fit(before, after, dx, dy) for dx in range(-2, 3) for dy in (-1, 0, 1))
    return in_place >= like_min and moved - in_place < BETTER_BY


def blended(known: Outline, seen: Outline, share: float) -> Outline:
    """`known` gone the share of the way towards `seen`: how a reference follows seasons and hours."""
    return tuple(round(old + share * (new - old)) for old, new in zip(known, seen, strict=True))


def _by_field(part: NDArray[np.floating]) -> NDArray[np.float64]:
    rows = np.linspace(0, part.shape[0], ROWS, endpoint=False).astype(np.intp)
    columns = np.linspace(0, part.shape[1], COLUMNS, endpoint=False).astype(np.intp)
    return np.add.reduceat(np.add.reduceat(part, rows, axis=0), columns, axis=1).astype(np.float64)


def _fields(told: Outline) -> Fields:
    return np.array(told, np.float64).reshape(ROWS, COLUMNS, 2)


def _fit(before: Fields, after: Fields, dx: int, dy: int) -> float:
    """The cosine between the two where they overlap, `after` moved by so many fields."""
    one = before[max(0, dy) : ROWS + min(0, dy), max(0, dx) : COLUMNS + min(0, dx)]
    other = after[max(0, -dy) : ROWS + min(0, -dy), max(0, -dx) : COLUMNS + min(0, -dx)]
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / size if size else 0.0
