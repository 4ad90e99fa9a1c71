"""Traffic in a zone: how much of it is covered, how fast it goes, what queues, and how congested that is."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from civicam.contracts.geometry import Point, Zone
from civicam.contracts.vision import Box, Congestion, ZoneTraffic
from civicam.vision.analytic import foot, mean
from civicam.vision.ground import Ground
from civicam.vision.held import Held, Look
from civicam.vision.lines import is_inside
from civicam.vision.tracks import Sighting
from civicam.vision.trails import is_told_by
from civicam.vision.ways import Way, WayParameters

GRID = 24
"""A zone is covered by a grid of this many points across its box, and as many down: shares to some two in a hundred."""
LEVELS: tuple[tuple[float, Congestion], ...] = (
    (0.85, "free"),
    (0.67, "light"),
    (0.50, "moderate"),
    (0.40, "heavy"),
    (0.30, "severe"),
)
"""Levels of service A to E of urban streets by the share of free-flow speed that traffic still has, above which each
begins; below them all is F. Highway Capacity Manual 2010, exhibit 16-4."""

TWO_FLUID_N = 1.5
"""How much those that move are slowed down by those that stand: about what the model's cities were fitted with."""


class TrafficParameters(WayParameters):
    """How vehicles are counted, and their traffic measured."""

    free_kmh: float = Field(default=50.0, gt=0)
    """How fast free traffic goes here: the limit of most streets in built-up areas (Circular 38/2024/TT-BGTVT)."""
    queue_gap_m: float = Field(default=20.0, gt=0)
    """The widest gap in a queue (PTV Vissim: 10 to 20 m are usual)."""
    parked_s: float = Field(default=300.0, gt=0)
    """What stands for longer is parked, and no part of the traffic."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle on a track, at a capture time."""

    sighting: Sighting
    at_ms: int


class ZoneLooks:
    """What was seen in one zone over a clip."""

    def __init__(self, zone: Zone, ground: Ground | None, parameters: TrafficParameters) -> None:
        self._zone, self._ground, self._parameters = zone, ground, parameters
        self._present: list[Look] = []
        self._covered: list[float] = []
        self._speeds: list[float] = []
        self._stood: list[bool] = []
        self._standing: list[Look] = []
        self._queue_dm: list[Look] = []

    def look(self, at_ms: int, boxes: Sequence[Box]) -> None:
        """Take the vehicles in one frame into account, on tracks or not."""
        inside = [box for box in boxes if is_inside(self._zone.polygon, foot(box))]
        self._present.append((at_ms, len(inside)))
        self._covered.append(covered(self._zone.polygon, inside))

    def follow(self, at_ms: int, seen: Sequence[tuple[Vehicle, Way]]) -> None:
        """Take the ways of those on tracks into account."""
        ways = [way for vehicle, way in seen if vehicle.sighting.established and self._is_traffic(way)]
        self._speeds += [way.speed_kmh for way in ways if way.speed_kmh is not None]
        self._stood += [way.standing_ms is not None for way in ways if is_told_by(way.trail)]
        standing = [way.at for way in ways if way.standing_ms is not None]
        self._standing.append((at_ms, len(standing)))
        places = [self._ground.metres(point) for point in standing] if self._ground else []
        length = queue_metres([place for place in places if place], self._parameters.queue_gap_m)
        self._queue_dm.append((at_ms, round(10 * length)))

    def measured(self, held: Held, *, followed: bool) -> ZoneTraffic:
        """The zone's traffic; `followed` where the sampling rate is enough to follow vehicles."""
        name, speed = self._zone.zone_id, mean(self._speeds) if self._speeds else None
        queue_dm = held.most(f"{name} dm", self._queue_dm)
        standing = held.most(f"{name} standing", self._standing)
        return ZoneTraffic(
            zone_id=name,
            present_mean=mean([count for _, count in self._present]),
            present_max=held.most(f"{name} present", self._present),
            occupancy=mean(self._covered),
            queue_max=standing if followed else None,
            queue_m_max=queue_dm / 10 if followed and self._ground else None,
            speed_kmh_mean=speed,
            **self._congestion(speed),
        )

    def _congestion(self, speed_kmh: float | None) -> dict[str, Any]:
        """By the speed where it is known; else by how many stood, of whom that is known. Of carriageways only."""
        if self._zone.use != "carriageway":
            return {}
        if speed_kmh is not None:
            return {"congestion": congestion(speed_kmh / self._parameters.free_kmh), "congestion_by": "speed"}
        if not self._stood:
            return {}
        share = speed_share(sum(self._stood) / len(self._stood))
        return {"congestion": congestion(share), "congestion_by": "standing"}

    def _is_traffic(self, way: Way) -> bool:
        parked = way.standing_ms is not None and way.at_ms - way.standing_ms > 1000 * self._parameters.parked_s
        return not parked and is_inside(self._zone.polygon, way.at)


def congestion(speed_share: float) -> Congestion:
    """The level at a mean speed, as a share of the speed of free traffic."""
    return next((level for least, level in LEVELS if speed_share > least), "jammed")


def speed_share(standing_share: float) -> float:
    """The share of its speed that traffic still has when so many of its vehicles stand: the two-fluid model.

    Herman and Prigogine, A Two-Fluid Approach to Town Traffic, Science 204 (1979).
    """
    return float((1 - standing_share) ** (TWO_FLUID_N + 1))


def covered(polygon: tuple[Point, ...], boxes: Sequence[Box]) -> float:
    """The share of the zone's area in the picture that lies under the boxes, 0..1.

    A box is as high as its vehicle: in an oblique view it also covers the ground behind.
    """
    x, y = _points(polygon)
    if not x.size:
        return 0.0
    under = np.zeros(x.shape, dtype=np.bool_)
    for x1, y1, x2, y2 in (box.xyxy for box in boxes):
        under |= (x1 <= x) & (x <= x2) & (y1 <= y) & (y <= y2)
    return float(np.count_nonzero(under) / x.size)


def queue_metres(places: Iterable[Point], gap_m: float) -> float:
    """From the first to the last of the longest chain of places in which each is within `gap_m` of another; 0 for one.

    Places further apart are two queues (as queue counters of traffic simulation have it).
    """
    return max((_longest(chain) for chain in _chains(list(places), gap_m)), default=0.0)


def _chains(places: list[Point], gap_m: float) -> list[list[Point]]:
    chains: list[list[Point]] = []
    for place in places:
        near = [chain for chain in chains if any(math.dist(place, other) <= gap_m for other in chain)]
        chains = [chain for chain in chains if chain not in near]
        chains.append([place, *(other for chain in near for other in chain)])
    return chains


def _longest(chain: Sequence[Point]) -> float:
    return max((math.dist(one, other) for one, other in combinations(chain, 2)), default=0.0)


@lru_cache(maxsize=1024)
def _points(polygon: tuple[Point, ...]) -> tuple[NDArray[Any], NDArray[Any]]:
    xs, ys = zip(*polygon, strict=True)
    across = [min(xs) + (max(xs) - min(xs)) * (n + 0.5) / GRID for n in range(GRID)]
    down = [min(ys) + (max(ys) - min(ys)) * (n + 0.5) / GRID for n in range(GRID)]
    inside = [(x, y) for x in across for y in down if is_inside(polygon, (x, y))]
    points = np.array(inside, dtype=np.float64).reshape(-1, 2)
    return points[:, 0], points[:, 1]
