"""Pieces of a picture on one canvas, so that a network looks at what may matter and at nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from civicam.contracts.vision import Box
from civicam.vision.boxes import Size

Corners = tuple[float, float, float, float]
CANVASES: tuple[Size, ...] = ((96, 96), (192, 96), (192, 192), (288, 192), (320, 256), (480, 288))
"""A few sizes, so that a runtime meets each of them often; the next would be the whole picture's."""
GAP = 6
"""Pixels of the canvas between two pieces: nothing is seen across them."""


@dataclass(frozen=True)
class Piece:
    """A piece of a picture, and how many pixels of a canvas one of its pixels becomes."""

    area: Corners
    scale: float

    @property
    def size(self) -> Size:
        """Width and height on the canvas."""
        x1, y1, x2, y2 = self.area
        return max(1, ceil((x2 - x1) * self.scale)), max(1, ceil((y2 - y1) * self.scale))


@dataclass(frozen=True)
class Tile:
    """A piece and its top left corner on the canvas."""

    piece: Piece
    left: int
    top: int

    def holds(self, x: float, y: float) -> bool:
        """Whether a point of the canvas lies on it."""
        width, height = self.piece.size
        return self.left <= x < self.left + width and self.top <= y < self.top + height

    def to_picture(self, box: Box) -> Box:
        """A box on the canvas where it lies in the picture, as far as the piece shows it."""
        x1, y1, x2, y2 = self.piece.area
        ends = ((x1, self.left, x1, x2), (y1, self.top, y1, y2)) * 2
        corners = [
            round(min(most, max(least, start + (place - offset) / self.piece.scale)), 2)
            for place, (start, offset, least, most) in zip(box.xyxy, ends, strict=True)
        ]
        return Box.model_validate({"label": box.label, "score": box.score, "xyxy": corners})


@dataclass(frozen=True)
class Mosaic:
    """Tiles on a canvas."""

    canvas: Size
    tiles: tuple[Tile, ...]

    def to_picture(self, boxes: Sequence[Box]) -> list[Box]:
        """Boxes on the canvas where they lie in the picture; without those whose middle lies on no tile."""
        found = []
        for box in boxes:
            x, y = (box.xyxy[0] + box.xyxy[2]) / 2, (box.xyxy[1] + box.xyxy[3]) / 2
            found += [tile.to_picture(box) for tile in self.tiles if tile.holds(x, y)]
        return found


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, of which no two would be smaller as one."""
    apart: list[Piece] = []
    for piece in pieces:
        whole = piece
        while other := next((one for one in apart if _cells(_both(whole, one)) <= _cells(whole) + _cells(one)), None):
            apart.remove(other)
            whole = _both(whole, other)
        apart.append(whole)
    return apart


def mosaic_of(pieces: Sequence[Piece]) -> Mosaic | None:
    """The pieces on the smallest canvas that takes them, the highest first, row by row; None where none does."""
    ordered = sorted(pieces, key=lambda piece: -piece.size[1])
    laid = ((canvas, _laid(ordered, canvas)) for canvas in CANVASES)
    return next((Mosaic(canvas, tiles) for canvas, tiles in laid if tiles), None)


def _laid(pieces: Sequence[Piece], canvas: Size) -> tuple[Tile, ...]:
    tiles: list[Tile] = []
    left = top = row = 0
    for piece in pieces:
        width, height = piece.size
        if left + width > canvas[0]:
            left, top, row = 0, top + row + GAP, 0
        if width > canvas[0] or top + height > canvas[1]:
            return ()
        tiles.append(Tile(piece, left, top))
        left, row = left + width + GAP, max(row, height)
    return tuple(tiles)


def _both(one: Piece, other: Piece) -> Piece:
    (left, top, right, bottom), (x1, y1, x2, y2) = one.area, other.area
    area = min(left, x1), min(top, y1), max(right, x2), max(bottom, y2)
    return Piece(area, max(one.scale, other.scale))


def _cells(piece: Piece) -> int:
    width, height = piece.size
    return (width + GAP) * (height + GAP)
