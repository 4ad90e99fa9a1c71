"""Several people who walked or stood begin to run at once."""

from collections.abc import Iterator, Sequence
from statistics import fmean

from pydantic import Field

from civicam.vision.incidents.rule import IncidentRule, RuleParameters, Sign
from civicam.vision.incidents.scene import Scene, Thing, inside


class RunParameters(RuleParameters):
    """Who runs, and how many."""

    hold_s: float = Field(default=0.6, ge=0, le=3600)
    """On top of the second over which speeds are measured."""
    release_s: float = Field(default=4.0, gt=0, le=3600)
    cooldown_s: float = Field(default=30.0, ge=0, le=86_400)
    running_mps: float = Field(default=3.0, gt=0, le=10)
    """Over ground everybody runs from here on, and walks up to 1.9 m/s (Baker and others, 2025, arXiv 2501.00720)."""
    walking_mps: float = Field(default=2.0, gt=0, le=10)
    """What they did before: who comes into the picture running runs already."""
    people_min: int = Field(default=3, ge=2, le=1000)
    """Fewer run for a bus."""
    share_min_running: float = Field(default=0.5, ge=0, le=1)
    """Of the people in the zone."""


def look(scene: Scene, parameters: RunParameters, open_subjects: frozenset[str]) -> Iterator[Sign]:
    """A sign for each zone off the carriageway in which people begin to run, and while they do."""
    for zone in scene.zones_for("area", "footway", "restricted"):
        people = [thing for thing in inside(zone, scene.people) if thing.legs]
        runners = [thing for thing in people if _runs(thing, parameters)]
        begun = [thing for thing in runners if _walked(thing, parameters)]
        strong = _are_many(begun, people, parameters)
        if strong or (zone.zone_id in open_subjects and _are_many(runners, people, parameters)):
            yield Sign(
                subject=zone.zone_id,
                score=scene.sure(fmean(thing.score for thing in runners)),
                strong=strong or zone.zone_id in open_subjects,
                zone_id=zone.zone_id,
                track_ids=tuple(thing.track_id for thing in runners),
                measures={
                    "people": float(len(runners)),
                    "speed_mean_mps": round(fmean(thing.speed_mps or 0.0 for thing in runners), 2),
                },
            )


def _are_many(some: Sequence[Thing], people: Sequence[Thing], parameters: RunParameters) -> bool:
    return len(some) >= max(parameters.people_min, parameters.share_min_running * len(people))


def _runs(thing: Thing, parameters: RunParameters) -> bool:
    """In each of the last two stretches: one alone may be a box that jumped."""
    return len(thing.legs) >= 2 and all(leg.speed_mps >= parameters.running_mps for leg in thing.legs[:2])


def _walked(thing: Thing, parameters: RunParameters) -> bool:
    """In two stretches of the seconds before."""
    return sum(leg.speed_mps <= parameters.walking_mps for leg in thing.legs[2:]) >= 2


SUDDEN_RUN = IncidentRule(name="sudden_run", lowest_fps=4.0, parameters=RunParameters(), look=look)
