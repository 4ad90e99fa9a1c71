"""Something was brought and stands alone: whoever brought it is gone.

It sees what the detector has a name for. No background model runs: a thing without a name is not seen.
"""

from collections.abc import Iterator

from pydantic import Field

from civicam.contracts.vision import Label
from civicam.vision.incidents.rule import IncidentRule, RuleParameters, Sign, Spot
from civicam.vision.incidents.scene import Scene, Thing, inside


class LeftParameters(RuleParameters):
    """What, where, and for how long nobody is near."""

    hold_s: float = Field(default=60.0, ge=0, le=3600)
    """Alone for this long (i-LIDS, abandoned baggage scenario, Home Office, 2006; PETS 2006 takes 30 s)."""
    release_s: float = Field(default=10.0, gt=0, le=3600)
    """Whoever passes by for a shorter time is not its owner."""
    share_min: float = Field(default=0.6, ge=0, le=1)
    near_m: float = Field(default=3.0, gt=0, le=50)
    """Within this somebody attends to it (PETS 2006: unattended beyond 3 m)."""
    stands_s: float = Field(default=2.0, ge=0, le=60)
    labels: tuple[Label, ...] = ("bicycle", "motorcycle")
    """Machines without a rider: in zones marked `restricted`, for elsewhere in this city they are parked."""


def look(scene: Scene, parameters: LeftParameters, open_subjects: frozenset[str]) -> Iterator[Sign]:  # noqa: ARG001 - as every rule
    """A sign for each such thing that stands where it was brought, with nobody near."""
    for zone in scene.zones_for("restricted"):
        for thing in inside(zone, scene.vehicles):
            if thing.label in parameters.labels and _is_alone(scene, thing, parameters):
                stands = thing.path.stands
                yield Sign(
                    subject=f"{zone.zone_id} {thing.track_id} {stands.at_ms}",
                    score=scene.sure(thing.score),
                    zone_id=zone.zone_id,
                    track_ids=(thing.track_id,),
                    spot=Spot(stands.x, stands.y, stands.size),
                    measures={"stood_s": round(thing.stood_s, 1)},
                )


def _is_alone(scene: Scene, thing: Thing, parameters: LeftParameters) -> bool:
    if not thing.came or thing.stood_s < parameters.stands_s:
        return False
    ways = (scene.metres_between(thing, person) for person in scene.people)
    return all(way is None or way > parameters.near_m for way in ways)


OBJECT_LEFT_BEHIND = IncidentRule(name="object_left_behind", lowest_fps=1.0, parameters=LeftParameters(), look=look)
