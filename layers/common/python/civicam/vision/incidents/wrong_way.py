"""A vehicle drives against the way that traffic goes in its zone."""

import math
from collections.abc import Iterator

from pydantic import Field

from civicam.contracts.geometry import Point, Zone
from civicam.vision.incidents.rule import IncidentRule, RuleParameters, Sign
from civicam.vision.incidents.scene import Leg, Scene, Thing, inside


class WrongWayParameters(RuleParameters):
    """What goes far enough, straight enough, against the traffic."""

    hold_s: float = Field(default=0.8, ge=0, le=3600)
    release_s: float = Field(default=4.0, gt=0, le=3600)
    distance_m: float = Field(default=8.0, gt=0, le=500)
    """Against the traffic without a break: further than anybody backs into, or out of, a kerbside space, which is 6.1
    to 6.7 m long (20 to 22 feet, as cities mark them)."""
    angle_max_degrees: float = Field(default=45.0, gt=0, lt=90)
    """How far its way may turn from the very opposite: beyond it crosses or turns."""
    speed_min_mps: float = Field(default=1.5, gt=0, le=30)
    """Slower than this is somebody who pushes a machine, at a walking pace (1.2 to 1.4 m/s)."""


def look(scene: Scene, parameters: WrongWayParameters, open_subjects: frozenset[str]) -> Iterator[Sign]:
    """A sign for each vehicle that comes against the heading of its zone."""
    for zone in scene.zones_for("carriageway", "no_stopping"):
        ahead = scene.way(*zone.heading) if zone.heading else None
        if ahead is None or math.hypot(*ahead) == 0:
            continue
        for thing in inside(zone, scene.vehicles):
            against = _against(thing, ahead, parameters)
            far = sum(leg.seconds * leg.speed_mps for leg in against)
            if against and (far >= parameters.distance_m or thing.track_id in open_subjects):
                yield _coming(scene, zone, thing, far, strong=far >= parameters.distance_m)


def _coming(scene: Scene, zone: Zone, thing: Thing, far: float, *, strong: bool) -> Sign:
    return Sign(
        subject=thing.track_id,
        score=scene.sure(thing.score),
        strong=strong,
        zone_id=zone.zone_id,
        track_ids=(thing.track_id,),
        measures={"distance_m": round(far, 1), "speed_mps": round(thing.speed_mps or 0.0, 1)},
    )


def _against(thing: Thing, ahead: Point, parameters: WrongWayParameters) -> list[Leg]:
    """The latest stretch of its way that goes against the traffic, without a break."""
    least = math.cos(math.radians(parameters.angle_max_degrees))
    against = []
    for leg in thing.legs:
        along = (leg.dx * ahead[0] + leg.dy * ahead[1]) / (math.hypot(*ahead) * max(1e-9, math.hypot(leg.dx, leg.dy)))
        if along > -least or leg.speed_mps < parameters.speed_min_mps:
            break
        against.append(leg)
    return against


WRONG_WAY = IncidentRule(name="wrong_way", lowest_fps=2.0, parameters=WrongWayParameters(), look=look)
