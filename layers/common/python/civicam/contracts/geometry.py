"""Lines and zones that a camera's profile draws into its picture, in pixels of the source, origin top left, y down."""

from pydantic import Field

from civicam.contracts.base import Body
from civicam.contracts.ids import Slug

Point = tuple[float, float]


class Line(Body):
    """A directed line A to B. `forward` goes from the side where cross(B-A, P-A) < 0 to the side where it is > 0."""

    line_id: Slug
    points: tuple[Point, Point]


class Zone(Body):
    """A polygon in the picture; its last corner joins its first."""

    zone_id: Slug
    polygon: tuple[Point, ...] = Field(min_length=3)
