"""Vehicles: how many crossed each line in each direction, how many are new, how many stood there at once."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field, JsonValue

from civicam.contracts.base import Body, Document
from civicam.contracts.facts import ClipFact
from civicam.contracts.geometry import Line, Point
from civicam.contracts.vision import VEHICLE_LABELS, Crossings, Direction, LabelCount, VehiclesCounted
from civicam.vision.analytic import Analytic, View, foot
from civicam.vision.lines import Passage, follow
from civicam.vision.tracks import Sighting


class VehicleParameters(Body):
    """How vehicles are counted."""

    clear_sizes: float = 0.15
    """How far from a line a vehicle must be to be on one of its sides, in sizes (root of the box's area)..."""
    clear_px: float = 2.0
    """... and in pixels at least."""


PARAMETERS = VehicleParameters()


@dataclass(frozen=True, slots=True)
class Path:
    """One vehicle's way so far: where it was last, and what is remembered of it at each line."""

    at: Point
    passages: tuple[Passage, ...]


class Memory(Document):
    """What goes from clip to clip."""

    lines: tuple[Line, ...] = ()
    """The lines that the paths were followed at: once they are redrawn, their memory is worth nothing."""
    paths: dict[str, Path] = Field(default_factory=dict)
    """By track id."""


class _Counter:
    """Follows every vehicle through a clip."""

    def __init__(self, lines: tuple[Line, ...], memory: JsonValue) -> None:
        self._lines = lines
        known = Memory.model_validate(memory or {})
        self._paths = dict(known.paths) if known.lines == lines else {}
        self.crossings: Counter[tuple[str, Direction, str]] = Counter()
        self.appeared: Counter[str] = Counter()

    def see(self, sighting: Sighting) -> None:
        """Take the vehicle's next place into account; it counts from the moment its track is established."""
        before, after = self._go_on(sighting)
        self._paths[sighting.track_id] = after
        if not sighting.established:
            return
        self.appeared[sighting.label] += sighting.new
        told = (Passage(),) * len(self._lines) if sighting.new or before is None else before.passages
        for line, known, passage in zip(self._lines, told, after.passages, strict=True):
            for direction in set(passage.crossed) - set(known.crossed):
                self.crossings[line.line_id, direction, sighting.label] += 1

    def remembered(self, live: frozenset[str]) -> JsonValue:
        """The paths that may go on."""
        paths = {track_id: path for track_id, path in self._paths.items() if track_id in live}
        document: JsonValue = Memory(lines=self._lines, paths=paths).model_dump(mode="json")
        return document

    def _go_on(self, sighting: Sighting) -> tuple[Path | None, Path]:
        now, before = foot(sighting.box), self._paths.get(sighting.track_id)
        x1, y1, x2, y2 = sighting.box.xyxy
        clear = max(PARAMETERS.clear_px, PARAMETERS.clear_sizes * math.sqrt((x2 - x1) * (y2 - y1)))
        known = before.passages if before else (Passage(),) * len(self._lines)
        came = before.at if before else None
        return before, Path(
            now,
            tuple(follow(passage, line, came, now, clear) for passage, line in zip(known, self._lines, strict=True)),
        )


def judge(view: View, memory: JsonValue) -> tuple[ClipFact, JsonValue]:
    """Crossings and new vehicles of the tracks established so far; no tracks, no crossings.

    A crossing belongs to the clip in which it is established: where the vehicle is clear of the line on its other
    side, and known to be a vehicle. So the sums over clips count each once, wherever the footage was cut.
    """
    counted = _Counter(view.profile.lines, memory)
    for sighting in _vehicles(view):
        counted.see(sighting)
    present = [[box for box in frame.boxes if box.label in VEHICLE_LABELS] for frame in view.frames]
    fact = view.state(
        VehiclesCounted,
        behind=(box for frame in present for box in frame),
        window=view.window,
        crossings=tuple(
            Crossings(line_id=line_id, direction=direction, label=label, count=number)
            for (line_id, direction, label), number in sorted(counted.crossings.items())
        ),
        appeared=tuple(
            LabelCount(label=label, count=number) for label, number in sorted(counted.appeared.items()) if number
        ),
        present_max=max(map(len, present), default=0),
    )
    return fact, counted.remembered(view.live)


def _vehicles(view: View) -> Iterator[Sighting]:
    for frame in view.tracked:
        yield from (sighting for sighting in frame.sightings if sighting.kind == "vehicle")


VEHICLES = Analytic(
    name="vehicle",
    version=1,
    reads="objects",
    lowest_fps=1.0,
    states=VehiclesCounted,
    parameters=PARAMETERS,
    judge=judge,
)
