"""People stand so close that a push can hurt them. Nobody among them is identified."""

import math
from collections.abc import Iterator, Sequence
from statistics import fmean

from pydantic import Field

from civicam.contracts.geometry import Point
from civicam.vision.incidents.rule import IncidentRule, RuleParameters, Sign
from civicam.vision.incidents.scene import Scene, inside

AREA_M2 = 5.0
"""Density is measured around each person on so much ground: what hurts people is local (Helbing and others, 2007)."""


class CrushParameters(RuleParameters):
    """How dense, how long."""

    hold_s: float = Field(default=10.0, ge=0, le=3600)
    """A crowd that squeezes through a door is dense for seconds."""
    release_s: float = Field(default=15.0, gt=0, le=3600)
    density_min_per_m2: float = Field(default=4.0, gt=0, le=12)
    """Contact cannot be avoided from 3.6 on, and forces grow dangerous from 5.6 on (Fruin, The Causes and Prevention of
    Crowd Disasters, 1993). A detector misses who is hidden: where it sees 4, there are more."""
    density_over_per_m2: float = Field(default=3.0, gt=0, le=12)
    """Below this it is over."""
    people_min: int = Field(default=10, ge=3, le=1000)
    """In one zone: fewer are a group of friends."""


def look(scene: Scene, parameters: CrushParameters, open_subjects: frozenset[str]) -> Iterator[Sign]:  # noqa: ARG001 - as every rule
    """A sign for each zone with such a density anywhere in it. Without a ground plane there is none."""
    for zone in scene.zones if scene.ground else ():
        people = inside(zone, scene.people)
        places = [place for thing in people if scene.ground and (place := scene.ground.metres(thing.now.place))]
        density = _density_max(places)
        if len(places) >= parameters.people_min and density >= parameters.density_over_per_m2:
            yield Sign(
                subject=zone.zone_id,
                score=fmean(thing.score for thing in people),
                strong=density >= parameters.density_min_per_m2,
                zone_id=zone.zone_id,
                measures={"density_max_per_m2": round(density, 2), "people": float(len(places))},
            )


def _density_max(places: Sequence[Point]) -> float:
    """People per square metre where they stand closest."""
    reach = math.sqrt(AREA_M2 / math.pi)
    return max((sum(math.dist(one, other) <= reach for other in places) for one in places), default=0) / AREA_M2


CROWD_CRUSH_RISK = IncidentRule(name="crowd_crush_risk", lowest_fps=1.0, parameters=CrushParameters(), look=look)
