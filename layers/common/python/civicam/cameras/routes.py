"""Where a camera was at some time: a fixed one where it is registered, one on a vehicle where its way says."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from civicam.contracts.base import utc_text
from civicam.contracts.cameras import Camera, Place
from civicam.contracts.errors import Rejected
from civicam.contracts.routes import RouteReport, Waypoint

KEPT = timedelta(days=30)
"""As long as the facts of its clips in the table: where a vehicle was is nobody's business for longer."""
CLOCK_SLACK = timedelta(minutes=2)
GAP = timedelta(minutes=2)
"""Between two waypoints further apart nobody knows which way the vehicle took."""


def admit_report(camera: Camera, report: RouteReport, at: datetime) -> None:
    """Pass what a vehicle tells of its way at that time; raises Rejected (`not_on_a_vehicle`, `not_a_time`)."""
    if camera.profile.mount != "vehicle":
        raise Rejected(
            "not_on_a_vehicle",
            f"camera {camera.camera_id} is {camera.profile.mount}: register it with the mount `vehicle` first",
        )
    first, last = min(one.at for one in report.waypoints), max(one.at for one in report.waypoints)
    if first < at - KEPT or last > at + CLOCK_SLACK:
        raise Rejected(
            "not_a_time",
            f"the waypoints lie from {utc_text(first)} to {utc_text(last)}, and it is {utc_text(at)}: "
            f"set the recorder's clock; {KEPT.days} days are kept",
        )


def place_at(camera: Camera, waypoints: Sequence[Waypoint], moment: datetime) -> Place | None:
    """Where the camera was, by waypoints in the order of time around that moment; None where nobody knows.

    Between two of them it went straight and evenly, as far as that can be said of two minutes.
    """
    if camera.profile.mount != "vehicle":
        return camera.position
    before = max((one for one in waypoints if one.at <= moment), key=lambda one: one.at, default=None)
    after = min((one for one in waypoints if one.at >= moment), key=lambda one: one.at, default=None)
    if before is None or after is None or after.at - before.at > GAP:
        return None
    share = (moment - before.at) / (after.at - before.at) if after.at > before.at else 0.0
    east, north = (one + share * (other - one) for one, other in zip(before.place, after.place, strict=True))
    return east, north
