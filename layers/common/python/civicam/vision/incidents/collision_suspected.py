"""Two tracks that cross stop at once, close together, and stay: they may have hit each other."""

import math
from collections.abc import Iterator
from itertools import combinations

from pydantic import Field

from civicam.contracts.geometry import Zone
from civicam.vision.incidents.rule import IncidentRule, RuleParameters, Sign
from civicam.vision.incidents.scene import Leg, Scene, Thing, inside


class CollisionParameters(RuleParameters):
    """How sudden, how close, how long."""

    hold_s: float = Field(default=3.0, ge=0, le=3600)
    """Who only braked hard drives on sooner."""
    frames_min: int = Field(default=5, ge=3)
    release_s: float = Field(default=4.0, gt=0, le=3600)
    braking_min_mps2: float = Field(default=4.5, gt=0, le=100)
    """A harder stop than drivers choose: nine in ten brake at 3.4 m/s2 or more, and in an emergency at 4.5 and more
    (Fambro and others, NCHRP report 400, 1997; AASHTO's Green Book takes 3.4 for sight distances)."""
    moving_min_mps: float = Field(default=1.0, gt=0, le=30)
    """What the other one must have done before."""
    stopped_max_mps: float = Field(default=1.0, gt=0, le=10)
    angle_min_degrees: float = Field(default=30.0, ge=0, le=180)
    """Between their ways: what follows another stops behind it at every light."""
    gap_sizes: float = Field(default=0.3, ge=0, le=3)
    """Between their boxes, in sizes of the smaller one."""


def look(scene: Scene, parameters: CollisionParameters, open_subjects: frozenset[str]) -> Iterator[Sign]:
    """A sign for each pair that stops so, and while it stays."""
    for zone in scene.zones_for("carriageway", "no_stopping"):
        things = [thing for thing in inside(zone, scene.things) if thing.whole and thing.legs]
        for one, other in combinations(sorted(things, key=lambda thing: thing.track_id), 2):
            subject = f"{one.track_id} {other.track_id}"
            if not _close(one, other, parameters) or not _both_stopped(one, other, parameters):
                continue
            braking = _braking(one, other, parameters)
            if subject in open_subjects or braking is not None:
                yield _pair(scene, zone, one, other, braking)


def _pair(scene: Scene, zone: Zone, one: Thing, other: Thing, braking: float | None) -> Sign:
    return Sign(
        subject=f"{one.track_id} {other.track_id}",
        score=scene.sure(math.sqrt(one.score * other.score)),
        zone_id=zone.zone_id,
        track_ids=(one.track_id, other.track_id),
        measures={} if braking is None else {"braking_mps2": round(braking, 1)},
    )


def _close(one: Thing, other: Thing, parameters: CollisionParameters) -> bool:
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = one.box.xyxy, other.box.xyxy
    apart = math.hypot(max(0.0, bx1 - ax2, ax1 - bx2), max(0.0, by1 - ay2, ay1 - by2))
    return "vehicle" in (one.kind, other.kind) and apart <= parameters.gap_sizes * min(one.now.size, other.now.size)


def _both_stopped(one: Thing, other: Thing, parameters: CollisionParameters) -> bool:
    return max(one.legs[0].speed_mps, other.legs[0].speed_mps) <= parameters.stopped_max_mps


def _braking(one: Thing, other: Thing, parameters: CollisionParameters) -> float | None:
    """The harder braking of two whose ways crossed, in m/s2; None where they did not, or it was no emergency."""
    came, met = _before(one), _before(other)
    if came is None or met is None or min(came.speed_mps, met.speed_mps) < parameters.moving_min_mps:
        return None
    turned = math.degrees(abs(math.atan2(came.dx * met.dy - came.dy * met.dx, came.dx * met.dx + came.dy * met.dy)))
    braking = max(_slowed(thing, before) for thing, before in ((one, came), (other, met)) if thing.kind == "vehicle")
    return braking if turned >= parameters.angle_min_degrees and braking >= parameters.braking_min_mps2 else None


def _before(thing: Thing) -> Leg | None:
    """Its way before the last second: the slower of two stretches, for one alone may be a box that jumped."""
    earlier = thing.legs[2:4]
    return min(earlier, key=lambda leg: leg.speed_mps) if len(earlier) == 2 else None


def _slowed(thing: Thing, before: Leg) -> float:
    """Speed lost from the middle of the stretch before last but one to the middle of the latest."""
    now, between = thing.legs[0], thing.legs[1]
    return (before.speed_mps - now.speed_mps) / ((now.seconds + before.seconds) / 2 + between.seconds)


COLLISION_SUSPECTED = IncidentRule(
    name="collision_suspected", lowest_fps=4.0, parameters=CollisionParameters(), look=look
)
