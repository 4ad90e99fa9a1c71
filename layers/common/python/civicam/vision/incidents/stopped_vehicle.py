"""A vehicle stands on a carriageway for longer than a signal holds it, or where stopping is forbidden."""

from collections.abc import Iterator

from pydantic import Field

from civicam.contracts.geometry import Zone
from civicam.contracts.vision import Label
from civicam.vision.incidents.rule import IncidentRule, RuleParameters, Sign, Spot
from civicam.vision.incidents.scene import Scene, Thing, inside


class StoppedVehicleParameters(RuleParameters):
    """What stands long enough."""

    hold_s: float = Field(default=150.0, ge=0, le=3600)
    """On a carriageway: longer than a red light lasts, for cycles are 60 to 120 s (Traffic Signal Timing Manual,
    FHWA-HOP-08-024, 2008), with 30 s to move off again."""
    no_stopping_s: float = Field(default=10.0, ge=2, le=3600)
    """Where stopping is forbidden: the quickest of what video systems in tunnels achieve, 10 to 120 s (Prevedouros and
    others, Transportation Research Record 1959, 2006)."""
    bus_s: float = Field(default=120.0, ge=2, le=3600)
    """A bus, anywhere: at a stop in the centre it dwells 60 s in the mean (TCRP report 100, 2003), and now and then
    twice as long."""
    stands_s: float = Field(default=1.0, ge=0, le=60)
    """What has not left its place for this long stands."""
    release_s: float = Field(default=8.0, gt=0, le=3600)
    """A lorry that passes hides what stands behind it for some seconds."""
    not_seen_coming: float = Field(default=0.6, ge=0, le=1)
    """What a vehicle is worth that was there already when the camera began to look: a thing that never moved may be
    none."""
    queue_min: int = Field(default=4, ge=2, le=200)
    """So many that came to stand on a carriageway, and more than move there, are a queue, of which `congestion` tells:
    its own least number of vehicles."""
    labels: tuple[Label, ...] = ("car", "truck", "bus", "motorcycle", "two_wheeler")


def look(scene: Scene, parameters: StoppedVehicleParameters, open_subjects: frozenset[str]) -> Iterator[Sign]:  # noqa: ARG001 - as every rule
    """A sign for each vehicle that stands in such a zone; the strictest zone that it stands in counts."""
    told: set[str] = set()
    for zone in (*scene.zones_for("no_stopping"), *scene.zones_for("carriageway")):
        vehicles = [thing for thing in inside(zone, scene.vehicles) if thing.label in parameters.labels]
        standing = [thing for thing in vehicles if thing.stood_s >= parameters.stands_s]
        queue = zone.use == "carriageway" and _is_queue(standing, len(vehicles) - len(standing), parameters)
        for thing in standing:
            if thing.track_id not in told:
                told.add(thing.track_id)
                yield _standing(zone, thing, parameters, strong=not queue)


def _is_queue(standing: list[Thing], moving: int, parameters: StoppedVehicleParameters) -> bool:
    """What was there already when the camera began to look may be parked, and is no part of one."""
    return sum(thing.came for thing in standing) >= max(parameters.queue_min, moving + 1)


def _standing(zone: Zone, thing: Thing, parameters: StoppedVehicleParameters, *, strong: bool) -> Sign:
    hold_s = parameters.no_stopping_s if zone.use == "no_stopping" else parameters.hold_s
    stands = thing.path.stands
    return Sign(
        subject=f"{zone.zone_id} {thing.track_id} {stands.at_ms}",
        score=thing.score * (1 if thing.came else parameters.not_seen_coming),
        strong=strong,
        zone_id=zone.zone_id,
        track_ids=(thing.track_id,),
        spot=Spot(stands.x, stands.y, stands.size),
        hold_s=max(hold_s, parameters.bus_s) if thing.label == "bus" else hold_s,
        measures={"stood_s": round(thing.stood_s, 1)},
    )


STOPPED_VEHICLE = IncidentRule(name="stopped_vehicle", lowest_fps=1.0, parameters=StoppedVehicleParameters(), look=look)
