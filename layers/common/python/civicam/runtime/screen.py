"""A frame as a person watches it: redacted first, then what was found drawn on it, and text above and below."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot

from PIL import Image, ImageDraw, ImageFont

from civicam.contracts.geometry import Line, Point, Zone
from civicam.runtime.rendering import hide
from civicam.vision.boxes import Size
from civicam.vision.redaction import Area, Corners, hull

Colour = tuple[int, int, int]
COLOURS: dict[str, Colour] = {
    "person": (255, 176, 0),
    "bicycle": (230, 140, 190),
    "two_wheeler": (60, 220, 160),
    "motorcycle": (60, 220, 160),
    "car": (100, 190, 255),
    "bus": (245, 230, 80),
    "truck": (255, 120, 60),
}
"""After Okabe and Ito's palette, which the colour-blind tell apart, lightened for dark streets."""
LINE_COLOUR, ZONE_COLOUR, ALARM_COLOUR = (255, 80, 200), (160, 140, 255), (255, 210, 60)
PAPER, INK, DIM = (20, 22, 26), (236, 238, 240), (150, 155, 162)
WIDTH_MIN = 640
"""A narrower picture is enlarged by a whole factor, so that the text beside it can be read."""
LINES_A_WIDTH = 60
"""Lines of text that would fill a square picture: what sets the size of the letters."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that was found: a box in pixels of the source and a word about it."""

    label: str
    text: str
    corners: Corners


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is hidden and what is drawn in one frame; `captions` stand below it, `alarms` below those."""

    hidden: Sequence[Area]
    marks: Sequence[Mark] = ()
    header: str = ""
    captions: Sequence[str] = ()
    alarms: Sequence[str] = ()


class Screen:
    """Draws the frames of one piece of footage, all of them in one size."""

    def __init__(self, source: Size, picture: Size, *, lines: Sequence[Line], zones: Sequence[Zone], rows: int) -> None:
        """`source`: what boxes, lines and zones are in pixels of; `picture`: what comes in; `rows` of text below."""
        self._source, self._lines, self._zones, self._rows = source, lines, zones, rows
        factor = max(1, -(-WIDTH_MIN // picture[0]))
        self._shown = (picture[0] * factor, picture[1] * factor)
        self._scale = (self._shown[0] / source[0], self._shown[1] / source[1])
        letters = max(13, self._shown[0] // LINES_A_WIDTH)
        self._font = ImageFont.load_default(letters)
        self._row = letters + 6

    @property
    def size(self) -> Size:
        """Width and height of what comes out, both even (H.264 halves the colours)."""
        return (self._shown[0] + self._shown[0] % 2, self._height + self._height % 2)

    @property
    def stage(self) -> tuple[int, int, int, int]:
        """Where the picture itself is in it: left, top, right, bottom."""
        return (0, self._row, self._shown[0], self._row + self._shown[1])

    @property
    def _height(self) -> int:
        return self._row * (1 + self._rows) + self._shown[1]

    def draw(self, picture: Image.Image, overlay: Overlay) -> Image.Image:
        """The picture with what is hidden painted over before anything else is done with it."""
        shown = hide(picture, self._source, overlay.hidden).resize(self._shown, Image.Resampling.BICUBIC)
        self._draw_on(ImageDraw.Draw(shown), overlay.marks)
        canvas = Image.new("RGB", self.size, PAPER)
        canvas.paste(shown, (0, self._row))
        self._write(ImageDraw.Draw(canvas), overlay)
        return canvas

    def _write(self, draw: ImageDraw.ImageDraw, overlay: Overlay) -> None:
        draw.text((6, 2), self._fitting(overlay.header), INK, self._font)
        below = [*((text, INK) for text in overlay.captions), *((text, ALARM_COLOUR) for text in overlay.alarms)]
        for row, (text, colour) in enumerate(below[: self._rows]):
            draw.text((6, self._row * (1 + row) + self._shown[1] + 2), self._fitting(text), colour, self._font)

    def _fitting(self, text: str) -> str:
        text, room = plain(text), self._shown[0] - 12
        while text and self._font.getlength(text) > room:
            text = text[:-4] + "..." if len(text) > 4 else ""
        return text

    def _draw_on(self, draw: ImageDraw.ImageDraw, marks: Sequence[Mark]) -> None:
        taken: list[Corners] = []
        for zone in self._zones:
            points = [self._at(point) for point in zone.polygon]
            _stroke(draw, [*points, points[0]], ZONE_COLOUR)
            self._tag(draw, zone.zone_id, (*points[0], *points[0]), ZONE_COLOUR, taken)
        for line in self._lines:
            a, b = (self._at(point) for point in line.points)
            _stroke(draw, [a, b], LINE_COLOUR)
            self._arrow(draw, a, b)
            self._tag(draw, line.line_id, (*a, *a), LINE_COLOUR, taken)
        placed = [(mark, self._corners(mark.corners), COLOURS.get(mark.label, DIM)) for mark in marks]
        for _, corners, colour in placed:
            draw.rectangle(corners, outline=PAPER, width=4)
            draw.rectangle(corners, outline=colour, width=2)
        for mark, corners, colour in placed:
            self._tag(draw, mark.text, corners, colour, taken)

    def _tag(
        self, draw: ImageDraw.ImageDraw, text: str, corners: Corners, colour: Colour, taken: list[Corners]
    ) -> None:
        """The word above the box, else below it, else inside; nowhere if it would cover another one."""
        width, height = self._font.getlength(plain(text)) + 6, self._row - 2
        left = min(max(0.0, corners[0]), self._shown[0] - width)
        for top in (corners[1] - height, corners[3], corners[1]):
            place = (left, top, left + width, top + height)
            if 0 <= top <= self._shown[1] - height and not any(_meet(place, other) for other in taken):
                draw.rectangle(place, fill=PAPER)
                draw.text((left + 3, top + 1), plain(text), colour, self._font)
                taken.append(place)
                return

    def _arrow(self, draw: ImageDraw.ImageDraw, a: Point, b: Point) -> None:
        """The way that counts as forward: to the side where the cross product with the line is positive."""
        length = max(1.0, hypot(b[0] - a[0], b[1] - a[1]))
        along = ((b[0] - a[0]) / length, (b[1] - a[1]) / length)
        ahead, reach = (-along[1], along[0]), 1.2 * self._row
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        tip = (middle[0] + reach * ahead[0], middle[1] + reach * ahead[1])
        _stroke(draw, [middle, tip], LINE_COLOUR)
        wings = [
            (tip[0] - 0.4 * reach * (ahead[0] + side * along[0]), tip[1] - 0.4 * reach * (ahead[1] + side * along[1]))
            for side in (1, -1)
        ]
        draw.polygon([tip, *wings], fill=LINE_COLOUR, outline=PAPER)

    def _at(self, point: Point) -> Point:
        return (point[0] * self._scale[0], point[1] * self._scale[1])

    def _corners(self, corners: Corners) -> Corners:
        return (*self._at((corners[0], corners[1])), *self._at((corners[2], corners[3])))


def sheet(pictures: Sequence[Image.Image], columns: int = 4) -> Image.Image:
    """A contact sheet: the pictures, all of one size, row by row."""
    columns = min(columns, len(pictures))
    width, height = pictures[0].size
    grid = Image.new("RGB", (columns * width, -(-len(pictures) // columns) * height), PAPER)
    for place, picture in enumerate(pictures):
        grid.paste(picture, (place % columns * width, place // columns * height))
    return grid


def plain(text: str) -> str:
    """The text in the letters that the font has: Vietnamese without its marks."""
    marked = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in marked if not unicodedata.combining(letter))


def _stroke(draw: ImageDraw.ImageDraw, points: Iterable[Point], colour: Colour) -> None:
    way = list(points)
    draw.line(way, fill=PAPER, width=5, joint="curve")
    draw.line(way, fill=colour, width=3, joint="curve")


def _meet(one: Corners, other: Corners) -> bool:
    around = hull(one, other)
    across = around[2] - around[0] < (one[2] - one[0]) + (other[2] - other[0])
    down = around[3] - around[1] < (one[3] - one[1]) + (other[3] - other[1])
    return across and down
