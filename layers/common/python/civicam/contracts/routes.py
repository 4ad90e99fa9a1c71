"""Where a camera on a vehicle was: places and times, as its recorder tells them."""

from pydantic import Field

from civicam.contracts.base import Body, Moment
from civicam.contracts.cameras import Place

MOST_WAYPOINTS = 120
"""In one report: two hours of one a minute, or two minutes of one a second."""


class Waypoint(Body):
    """A place, and when the camera was there."""

    at: Moment
    place: Place


class RouteReport(Body):
    """What a recorder tells of its way, in any order; telling it again does no harm."""

    waypoints: tuple[Waypoint, ...] = Field(min_length=1, max_length=MOST_WAYPOINTS)
