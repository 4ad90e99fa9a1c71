"""Somebody or something enters a zone while it is closed."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from statistics import fmean

from pydantic import Field

from civicam.contracts.geometry import Hours, Zone
from civicam.contracts.vision import Label
from civicam.vision.incidents.rule import IncidentRule, RuleParameters, Sign
from civicam.vision.incidents.scene import Scene, inside

CITY_TIME = timezone(timedelta(hours=7))
"""Asia/Ho_Chi_Minh: seven hours ahead all year since 1975, so that no table of zones is needed."""


class EntryParameters(RuleParameters):
    """Who counts, and for how long."""

    hold_s: float = Field(default=2.0, ge=0, le=3600)
    """Long enough that a passer-by's foot over the line, or a box that jumped, is none."""
    release_s: float = Field(default=15.0, gt=0, le=3600)
    frames_min: int = Field(default=4, ge=3)
    labels: tuple[Label, ...] = ("person", "bicycle", "motorcycle", "two_wheeler", "car", "bus", "truck")


def look(scene: Scene, parameters: EntryParameters, open_subjects: frozenset[str]) -> Iterator[Sign]:
    """A sign for each closed zone in which something is that came there; what never moved did not enter."""
    for zone in scene.zones:
        if not is_closed(zone, scene.at):
            continue
        found = [thing for thing in inside(zone, scene.things) if thing.label in parameters.labels]
        came = [thing for thing in found if thing.came or zone.zone_id in open_subjects]
        if came:
            yield Sign(
                subject=zone.zone_id,
                score=fmean(thing.score for thing in came),
                strong=any(thing.came for thing in came),
                zone_id=zone.zone_id,
                track_ids=tuple(thing.track_id for thing in came),
                measures={"things": float(len(came))},
            )


def is_closed(zone: Zone, at: datetime) -> bool:
    """Whether nobody should be in the zone at that moment."""
    clock = at.astimezone(CITY_TIME).strftime("%H:%M")
    return any(_holds(hours, clock) for hours in zone.closed)


def _holds(hours: Hours, clock: str) -> bool:
    if hours.start <= hours.end:
        return hours.start <= clock < hours.end
    return clock >= hours.start or clock < hours.end


ZONE_ENTERED_OUTSIDE_HOURS = IncidentRule(
    name="zone_entered_outside_hours", lowest_fps=1.0, parameters=EntryParameters(), look=look
)
