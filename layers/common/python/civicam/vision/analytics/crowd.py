"""Crowd: how many people are in the picture and in each zone, how densely, and where they go. Nobody is identified."""

from collections import defaultdict
from typing import cast

from pydantic import Field, JsonValue

from civicam.contracts.base import Document
from civicam.contracts.facts import ClipFact
from civicam.contracts.geometry import Zone
from civicam.contracts.vision import Box, CrowdMeasured, ZonePeople
from civicam.vision.analytic import RATE_TOLERANCE, Analytic, View, foot, mean, size
from civicam.vision.crowding import QUEUEING_M2, WALKWAY_M2, Gathering, TrendParameters, Visit, level
from civicam.vision.ground import ground_of
from civicam.vision.held import Held, Look
from civicam.vision.lines import is_inside

FOLLOWED_FPS = 1.0
"""Below this sampling rate nobody is followed: who was in a zone and who is are then two counts, no flow."""


class CrowdParameters(TrendParameters):
    """How a crowd is measured."""

    clear_sizes: float = Field(default=0.15, ge=0)
    """How far from a zone's border somebody must be to be in or out, in sizes (root of the box's area)..."""
    clear_px: float = Field(default=2.0, ge=0)
    """... and in pixels at least."""


class Memory(Document):
    """What goes from clip to clip."""

    zones: tuple[Zone, ...] = ()
    """The zones that visits and gatherings are of, in their order: once they are redrawn, these are worth nothing."""
    visits: dict[str, tuple[Visit, ...]] = Field(default_factory=dict)
    """By track id."""
    gatherings: tuple[Gathering, ...] = ()
    held: dict[str, tuple[Look, ...]] = Field(default_factory=dict)
    """The last second's looks."""


class _Flow:
    """Follows everybody through a clip, in and out of the zones."""

    def __init__(self, zones: tuple[Zone, ...], parameters: CrowdParameters, visits: dict[str, tuple[Visit, ...]]):
        self._zones, self._parameters, self._visits = zones, parameters, dict(visits)
        self.entered: dict[str, int] = defaultdict(int)
        self.left: dict[str, int] = defaultdict(int)

    def see(self, view: View) -> None:
        """Take every look at everybody into account; somebody counts from the moment their track is established."""
        nowhere = (Visit(),) * len(self._zones)
        for sighting in (one for frame in view.tracked for one in frame.sightings if one.kind == "person"):
            before = self._visits.get(sighting.track_id, nowhere)
            after = tuple(map(self._seen, before, self._zones, (sighting.box,) * len(before)))
            self._visits[sighting.track_id] = after
            if sighting.established:
                for zone, known, visit in zip(self._zones, nowhere if sighting.new else before, after, strict=True):
                    self.entered[zone.zone_id] += visit.entered - known.entered
                    self.left[zone.zone_id] += visit.left - known.left

    def remembered(self, live: frozenset[str]) -> dict[str, tuple[Visit, ...]]:
        """The visits that may go on."""
        return {track_id: visits for track_id, visits in self._visits.items() if track_id in live}

    def _seen(self, visit: Visit, zone: Zone, box: Box) -> Visit:
        clear = max(self._parameters.clear_px, self._parameters.clear_sizes * size(box))
        return visit.seen(zone.polygon, foot(box), clear)


def judge(view: View, memory: JsonValue) -> tuple[tuple[ClipFact, ...], JsonValue]:
    """People over all frames that were looked at; one stands in a zone with the feet. No frames give zeros."""
    parameters, known = cast(CrowdParameters, view.parameters), _known(view, memory)
    flow, held, zones = _Flow(known.zones, parameters, known.visits), Held(known.held), known.zones
    flow.see(view)
    people = [(view.at_ms(frame), [box for box in frame.boxes if box.label == "person"]) for frame in view.frames]
    within = [_within(zone, people) for zone in zones]
    gatherings = tuple(one.seen(looks, parameters) for one, looks in zip(known.gatherings, within, strict=True))
    fact = view.state(
        CrowdMeasured,
        behind=(box for _, boxes in people for box in boxes),
        window=view.window,
        people_mean=mean([len(boxes) for _, boxes in people]),
        people_max=held.most("", [(at_ms, len(boxes)) for at_ms, boxes in people]),
        zones=tuple(
            _measured(view, zone, looks, held, flow).model_copy(update={"trend": gathering.trend})
            for zone, looks, gathering in zip(zones, within, gatherings, strict=True)
        ),
    )
    after = Memory(zones=zones, visits=flow.remembered(view.live), gatherings=gatherings, held=held.after)
    document: JsonValue = after.model_dump(mode="json")
    return (fact,), document


def _known(view: View, memory: JsonValue) -> Memory:
    known, zones = Memory.model_validate(memory or {}), view.profile.zones
    if known.zones == zones:
        return known
    return Memory(zones=zones, gatherings=(Gathering(),) * len(zones), held=known.held)


def _within(zone: Zone, people: list[tuple[int, list[Box]]]) -> list[Look]:
    return [(at_ms, sum(is_inside(zone.polygon, foot(box)) for box in boxes)) for at_ms, boxes in people]


def _measured(view: View, zone: Zone, looks: list[Look], held: Held, flow: _Flow) -> ZonePeople:
    average, most = mean([count for _, count in looks]), held.most(f"{zone.zone_id} people", looks)
    followed = view.clip.sampled.sampling_fps >= RATE_TOLERANCE * FOLLOWED_FPS
    area = ground_of(view.profile.ground).area_m2(zone.polygon) if view.profile.ground else None
    space = None if area is None else area / average if average else float("inf")
    return ZonePeople(
        zone_id=zone.zone_id,
        people_mean=average,
        people_max=most,
        entered=flow.entered[zone.zone_id] if followed else None,
        left=flow.left[zone.zone_id] if followed else None,
        density_per_m2=None if area is None else round(average / area, 4),
        density_max_per_m2=None if area is None else round(most / area, 4),
        walkway_level=None if space is None else level(space, WALKWAY_M2),
        queueing_level=None if space is None else level(space, QUEUEING_M2),
    )


CROWD = Analytic(
    name="crowd",
    version=2,
    reads="objects",
    lowest_fps=0.0,
    states=CrowdMeasured,
    parameters=CrowdParameters(),
    judge=judge,
)
