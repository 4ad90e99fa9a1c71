"""Somebody walks or stands on a carriageway, and not on a crossing."""

from collections.abc import Iterator
from statistics import fmean

from pydantic import Field

from civicam.vision.incidents.rule import IncidentRule, RuleParameters, Sign
from civicam.vision.incidents.scene import Scene, Thing, inside
from civicam.vision.riders import lies_in


class PedestrianParameters(RuleParameters):
    """Who is a pedestrian, and for how long."""

    hold_s: float = Field(default=3.0, ge=0, le=3600)
    """Whoever steps off the kerb to pass somebody is back by then: two steps aside, a few ahead, at 1.4 m/s."""
    release_s: float = Field(default=6.0, gt=0, le=3600)
    frames_min: int = Field(default=4, ge=3)
    speed_max_mps: float = Field(default=4.0, gt=0, le=10)
    """What is faster rides: nobody but an athlete runs faster in the street (jogging 2.5 to 3.5 m/s)."""


def look(scene: Scene, parameters: PedestrianParameters, open_subjects: frozenset[str]) -> Iterator[Sign]:  # noqa: ARG001 - as every rule
    """A sign for each carriageway with people on foot; a footway that is drawn over it (a crossing) is theirs."""
    for zone in scene.zones_for("carriageway", "no_stopping"):
        walkers = [thing for thing in inside(zone, scene.people) if _is_on_foot(scene, thing, parameters)]
        if walkers:
            yield Sign(
                subject=zone.zone_id,
                score=fmean(thing.score for thing in walkers),
                zone_id=zone.zone_id,
                track_ids=tuple(thing.track_id for thing in walkers),
                measures={"people": float(len(walkers))},
            )


def _is_on_foot(scene: Scene, thing: Thing, parameters: PedestrianParameters) -> bool:
    """On the road, come there, at a pace of feet; not somebody seen in or on a vehicle."""
    if not thing.came or thing.speed_mps is None or thing.speed_mps > parameters.speed_max_mps:
        return False
    if scene.lies_in(thing, "footway"):
        return False
    return not any(lies_in(thing.box, vehicle.box) for vehicle in scene.vehicles)


PEDESTRIAN_ON_CARRIAGEWAY = IncidentRule(
    name="pedestrian_on_carriageway", lowest_fps=1.0, parameters=PedestrianParameters(), look=look
)
