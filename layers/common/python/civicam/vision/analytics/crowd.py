"""Crowd: how many people are in the picture and in each zone. Nobody in it is identified."""

from pydantic import JsonValue

from civicam.contracts.base import Body
from civicam.contracts.facts import ClipFact
from civicam.contracts.geometry import Zone
from civicam.contracts.vision import Box, CrowdMeasured, ZonePeople
from civicam.vision.analytic import Analytic, View, foot, mean
from civicam.vision.lines import is_inside


class CrowdParameters(Body):
    """A picture is enough to count: there is nothing to set."""


def judge(view: View, memory: JsonValue) -> tuple[ClipFact, JsonValue]:
    """People over all frames that were looked at; one stands in a zone with the feet. No frames give zeros."""
    people = view.labelled("person")
    counts = [len(frame) for frame in people]
    fact = view.state(
        CrowdMeasured,
        behind=(box for frame in people for box in frame),
        window=view.window,
        people_mean=mean(counts),
        people_max=max(counts, default=0),
        zones=tuple(_in_zone(zone, people) for zone in view.profile.zones),
    )
    return fact, memory


def _in_zone(zone: Zone, people: list[list[Box]]) -> ZonePeople:
    counts = [sum(is_inside(zone.polygon, foot(box)) for box in frame) for frame in people]
    return ZonePeople(zone_id=zone.zone_id, people_mean=mean(counts), people_max=max(counts, default=0))


CROWD = Analytic(
    name="crowd",
    version=1,
    reads="objects",
    lowest_fps=0.0,
    states=CrowdMeasured,
    parameters=CrowdParameters(),
    judge=judge,
)
