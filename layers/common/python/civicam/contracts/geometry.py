"""What a camera's profile draws into its picture, in pixels of the source, origin top left, y down."""

from typing import Annotated, Literal

from pydantic import Field

from civicam.contracts.base import Body
from civicam.contracts.ids import Slug

Coordinate = Annotated[float, Field(allow_inf_nan=False)]
Point = tuple[Coordinate, Coordinate]
Use = Literal["area", "carriageway", "footway", "no_stopping", "restricted"]


class Line(Body):
    """A directed line A to B. `forward` goes from the side where cross(B-A, P-A) < 0 to the side where it is > 0."""

    line_id: Slug
    points: tuple[Point, Point]


class Hours(Body):
    """A stretch of every day in the city's own time (Asia/Ho_Chi_Minh), `HH:MM`; past midnight if `end` comes first."""

    start: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    end: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")


class Zone(Body):
    """A polygon in the picture; its last corner joins its first."""

    zone_id: Slug
    polygon: tuple[Point, ...] = Field(min_length=3)
    use: Use = "area"
    """What the ground in it is for: rules about traffic look at carriageways only."""
    heading: tuple[Point, Point] | None = None
    """The way that traffic goes in it, from the first point to the second; None where it goes both ways."""
    closed: tuple[Hours, ...] = ()
    """When nobody should be in it."""


class GroundPlane(Body):
    """Four points of the picture and where they lie on the ground: from these, places in metres (homography)."""

    picture: tuple[Point, Point, Point, Point]
    """Pixels of the source."""
    metres: tuple[Point, Point, Point, Point]
    """The same four on the ground, in metres east and north of any origin."""
