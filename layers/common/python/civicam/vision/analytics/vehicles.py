"""Vehicles: how many crossed each line, how fast and how closely; how many are new; how full and slow each zone is."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import cast

import numpy as np
from pydantic import Field, JsonValue

from civicam.contracts.base import Document
from civicam.contracts.facts import ClipFact
from civicam.contracts.geometry import Line
from civicam.contracts.vision import (
    VEHICLE_LABELS,
    Box,
    Crossings,
    Direction,
    LabelCount,
    LineTraffic,
    VehiclesCounted,
)
from civicam.vision.analytic import Analytic, View
from civicam.vision.ground import ground_of
from civicam.vision.held import Held, Look
from civicam.vision.traffic import TrafficParameters, Vehicle, ZoneLooks
from civicam.vision.ways import Scene, Way, goes_on


class Memory(Document):
    """What goes from clip to clip."""

    lines: tuple[Line, ...] = ()
    """The lines that the ways were followed at: once they are redrawn, their memory is worth nothing."""
    ways: dict[str, Way] = Field(default_factory=dict)
    """By track id."""
    last_ms: dict[str, int] = Field(default_factory=dict)
    """When the last vehicle went over, by line and direction."""
    held: dict[str, tuple[Look, ...]] = Field(default_factory=dict)
    """The last second's looks."""


class _Flow:
    """Follows every vehicle through a clip, and over the lines."""

    def __init__(self, scene: Scene, memory: Memory) -> None:
        known = memory.lines == scene.lines
        self._scene = scene
        self._ways = dict(memory.ways) if known else {}
        self._last_ms = dict(memory.last_ms) if known else {}
        self._crossings: Counter[tuple[str, Direction, str]] = Counter()
        self._appeared: Counter[str] = Counter()
        self._speeds: dict[tuple[str, Direction], list[float]] = defaultdict(list)
        self._headways: dict[tuple[str, Direction], list[float]] = defaultdict(list)

    def see(self, vehicle: Vehicle) -> Way:
        """Take the vehicle's next place into account; it counts from the moment its track is established."""
        sighting = vehicle.sighting
        before = self._ways.get(sighting.track_id)
        way = self._ways[sighting.track_id] = goes_on(before, sighting, vehicle.at_ms, self._scene)
        if sighting.established:
            self._appeared[sighting.label] += sighting.new
            for number, direction in way.crossed_since(None if sighting.new else before):
                self._cross(self._scene.lines[number].line_id, direction, vehicle, way, way.over_ms[number])
        return way

    def remembered(self, live: frozenset[str], held: Held) -> JsonValue:
        """The ways that may go on, and what else the next clip needs."""
        ways = {track_id: way for track_id, way in self._ways.items() if track_id in live}
        memory = Memory(lines=self._scene.lines, ways=ways, last_ms=self._last_ms, held=held.after)
        document: JsonValue = memory.model_dump(mode="json")
        return document

    def crossed(self) -> tuple[Crossings, ...]:
        """How many crossed each line, by direction and label."""
        return tuple(
            Crossings(line_id=line_id, direction=direction, label=label, count=number)
            for (line_id, direction, label), number in sorted(self._crossings.items())
        )

    def new(self) -> tuple[LabelCount, ...]:
        """How many were not there before, by label."""
        return tuple(
            LabelCount(label=label, count=number) for label, number in sorted(self._appeared.items()) if number
        )

    def lines(self) -> Iterator[LineTraffic]:
        """How traffic went over each line and in each direction in which it did."""
        for line_id, direction in sorted({(line_id, direction) for line_id, direction, _ in self._crossings}):
            speeds, headways = self._speeds[line_id, direction], self._headways[line_id, direction]
            yield LineTraffic(
                line_id=line_id,
                direction=direction,
                headways=len(headways),
                headway_s_mean=round(float(np.mean(headways)), 3) if headways else None,
                speeds=len(speeds),
                speed_kmh_mean=round(float(np.mean(speeds)), 2) if speeds else None,
                speed_kmh_p85=round(float(np.percentile(speeds, 85)), 2) if speeds else None,
            )

    def _cross(self, line_id: str, direction: Direction, vehicle: Vehicle, way: Way, over_ms: int | None) -> None:
        self._crossings[line_id, direction, vehicle.sighting.label] += 1
        if way.speed_kmh is not None:
            self._speeds[line_id, direction].append(way.speed_kmh)
        place, at_ms = f"{line_id} {direction}", over_ms or vehicle.at_ms
        last_ms = self._last_ms.get(place)
        if last_ms is not None and at_ms >= last_ms:  # one that was known for a vehicle late may come out of turn
            self._headways[line_id, direction].append((at_ms - last_ms) / 1000)
        self._last_ms[place] = max(at_ms, last_ms or at_ms)


def judge(view: View, memory: JsonValue) -> tuple[tuple[ClipFact, ...], JsonValue]:
    """Crossings and new vehicles of the tracks established so far, and the traffic in every zone.

    A crossing belongs to the clip in which it is established: where the vehicle is clear of the line on its other
    side, and known to be a vehicle. So the sums over clips count each once, wherever the footage was cut.
    """
    known, scene = Memory.model_validate(memory or {}), _scene(view)
    flow, held, zones = _Flow(scene, known), Held(known.held), _zones(view, scene)
    present, followed = _look(view, flow, zones), VEHICLES.can_follow(view.clip.sampled.sampling_fps)
    fact = view.state(
        VehiclesCounted,
        behind=(box for _, boxes in present for box in boxes),
        window=view.window,
        crossings=flow.crossed(),
        appeared=flow.new(),
        present_max=held.most("", [(at_ms, len(boxes)) for at_ms, boxes in present]),
        lines=tuple(flow.lines()),
        zones=tuple(zone.measured(held, followed=followed) for zone in zones),
    )
    return (fact,), flow.remembered(view.live, held)


def _scene(view: View) -> Scene:
    profile, picture = view.profile, (view.boxes.width, view.boxes.height)
    ground = ground_of(profile.ground) if profile.ground else None
    return Scene(profile.lines, ground, picture, cast(TrafficParameters, view.parameters))


def _zones(view: View, scene: Scene) -> list[ZoneLooks]:
    parameters = cast(TrafficParameters, view.parameters)
    return [ZoneLooks(zone, scene.ground, parameters) for zone in view.profile.zones if zone.use != "footway"]


def _look(view: View, flow: _Flow, zones: list[ZoneLooks]) -> list[tuple[int, list[Box]]]:
    """Follow every vehicle on a track, look at every box; the vehicles of every frame, by capture time."""
    for frame in view.tracked:
        vehicles = [Vehicle(one, frame.at_ms) for one in frame.sightings if one.kind == "vehicle"]
        seen = [(vehicle, flow.see(vehicle)) for vehicle in vehicles]
        for zone in zones:
            zone.follow(frame.at_ms, seen)
    present = [
        (view.at_ms(frame), [box for box in frame.boxes if box.label in VEHICLE_LABELS]) for frame in view.frames
    ]
    for at_ms, boxes in present:
        for zone in zones:
            zone.look(at_ms, boxes)
    return present


VEHICLES = Analytic(
    name="vehicle",
    version=2,
    reads="objects",
    lowest_fps=1.0,
    states=VehiclesCounted,
    parameters=TrafficParameters(),
    judge=judge,
)
