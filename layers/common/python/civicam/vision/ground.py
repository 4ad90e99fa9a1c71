"""The ground plane: a place in the picture as a place in metres, and back (a homography from four points).

Solved in closed form by way of the unit square (Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989,
section 2.2.3): the same floats on every host. Metres are told only near the four points: see `SURROUNDINGS`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise

from civicam.contracts.errors import Rejected
from civicam.contracts.geometry import GroundPlane, Point

FLAT_SHARE = 0.01
"""Three points lie on one line when their triangle is lower than this share of its longest side."""
SURROUNDINGS = 1.0
"""How far beyond the four points a place is believed: this many diagonals of the upright box around them, on every
side. A pixel of error in a point grows in proportion to the distance from it, and without bound at the horizon."""

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Ground:
    """The plane that a camera stands over."""

    _to_metres: Matrix
    _to_picture: Matrix
    _west_south: Point
    _east_north: Point

    def metres(self, point: Point) -> Point | None:
        """Where the pixel lies on the ground; None above the horizon and beyond the four points' surroundings."""
        place = _mapped(self._to_metres, point)
        return place if place is not None and self._is_near(place) else None

    def picture(self, place: Point) -> Point | None:
        """The pixel that shows a place on the ground; None behind the camera and beyond the surroundings."""
        return _mapped(self._to_picture, place) if self._is_near(place) else None

    def area_m2(self, polygon: Iterable[Point]) -> float | None:
        """The ground that a polygon of the picture covers; None where a corner has no place."""
        corners = [self.metres(corner) for corner in polygon]
        known = [corner for corner in corners if corner is not None]
        return abs(signed_area(known)) if len(known) == len(corners) else None

    def metres_per_pixel(self, point: Point) -> float | None:
        """The side of the square of ground that a pixel there covers, were it square; None where it has no place."""
        if self.metres(point) is None:
            return None
        x, y = point
        weight = _dot(self._to_metres[2], (x, y, 1.0))
        return math.sqrt(abs(_determinant(self._to_metres)) / weight**3)

    def _is_near(self, place: Point) -> bool:
        (west, south), (east, north) = self._west_south, self._east_north
        return west <= place[0] <= east and south <= place[1] <= north


@lru_cache(maxsize=512)
def ground_of(plane: GroundPlane) -> Ground:
    """The plane through four points; raises Rejected (`degenerate_ground`) where no camera can see them so."""
    for where, points in (("picture", plane.picture), ("metres", plane.metres)):
        _refuse_flat(where, points)
    forth = _product(_from_square(plane.metres), _adjugate(_from_square(plane.picture)))
    weights = [_dot(forth[2], (x, y, 1.0)) for x, y in plane.picture]
    if min(weights) <= 0 <= max(weights):
        raise Rejected(
            "degenerate_ground",
            "no camera sees the four points of the ground plane so: some lie beyond the horizon of the others. "
            "Give the points in the same order in `picture` and in `metres`",
        )
    forth = _scaled(forth, 1 / max(weights, key=abs))
    return Ground(forth, _facing(_adjugate(forth), plane.metres[0]), *_surroundings(plane.metres))


def signed_area(polygon: Sequence[Point]) -> float:
    """The area by the shoelace formula, in the square of the points' unit; negative one way round."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise((*polygon, *polygon[:1]))) / 2


def _refuse_flat(where: str, points: Sequence[Point]) -> None:
    for three in combinations(points, 3):
        longest = max(math.dist(one, other) for one, other in combinations(three, 2))
        if 2 * abs(signed_area(three)) <= FLAT_SHARE * longest**2:
            raise Rejected(
                "degenerate_ground",
                f"three of the ground plane's four points in `{where}` lie on one line ({_listed(three)}): "
                "choose four of which no three do, such as the corners of a rectangle on the road",
            )


def _surroundings(points: Sequence[Point]) -> tuple[Point, Point]:
    (west, east), (south, north) = ((min(values), max(values)) for values in zip(*points, strict=True))
    beyond = SURROUNDINGS * math.hypot(east - west, north - south)
    return (west - beyond, south - beyond), (east + beyond, north + beyond)


def _from_square(corners: Sequence[Point]) -> Matrix:
    """The map that takes (0, 0), (1, 0), (1, 1), (0, 1) to the corners, in this order."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    dx1, dx2, dx3 = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, dy3 = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    across = dx1 * dy2 - dx2 * dy1
    g, h = (dx3 * dy2 - dx2 * dy3) / across, (dx1 * dy3 - dx3 * dy1) / across
    return (x1 - x0 + g * x1, x3 - x0 + h * x3, x0), (y1 - y0 + g * y1, y3 - y0 + h * y3, y0), (g, h, 1.0)


def _facing(matrix: Matrix, point: Point) -> Matrix:
    """The same map, its weight positive at the point: only places on the point's side of the horizon have one."""
    return _scaled(matrix, 1 / _dot(matrix[2], (*point, 1.0)))


def _mapped(matrix: Matrix, point: Point) -> Point | None:
    weight = _dot(matrix[2], (*point, 1.0))
    if weight <= 0:
        return None
    return _dot(matrix[0], (*point, 1.0)) / weight, _dot(matrix[1], (*point, 1.0)) / weight


def _dot(row: tuple[float, float, float], column: tuple[float, float, float]) -> float:
    return row[0] * column[0] + row[1] * column[1] + row[2] * column[2]


def _cross(one: tuple[float, float, float], two: tuple[float, float, float]) -> tuple[float, float, float]:
    return (
        one[1] * two[2] - one[2] * two[1],
        one[2] * two[0] - one[0] * two[2],
        one[0] * two[1] - one[1] * two[0],
    )


def _determinant(matrix: Matrix) -> float:
    return _dot(matrix[0], _cross(matrix[1], matrix[2]))


def _transposed(matrix: Matrix) -> Matrix:
    one, two, three = zip(*matrix, strict=True)
    return one, two, three


def _adjugate(matrix: Matrix) -> Matrix:
    """The inverse but for a factor, which a homography does not have."""
    one, two, three = matrix
    return _transposed((_cross(two, three), _cross(three, one), _cross(one, two)))


def _product(left: Matrix, right: Matrix) -> Matrix:
    columns = _transposed(right)
    one, two, three = ((_dot(row, columns[0]), _dot(row, columns[1]), _dot(row, columns[2])) for row in left)
    return one, two, three


def _scaled(matrix: Matrix, factor: float) -> Matrix:
    one, two, three = ((row[0] * factor, row[1] * factor, row[2] * factor) for row in matrix)
    return one, two, three


def _listed(points: Iterable[Point]) -> str:
    return ", ".join(f"[{x:g}, {y:g}]" for x, y in points)
