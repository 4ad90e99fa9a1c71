"""Traffic on a carriageway hardly moves, and for longer than a signal holds it."""

from collections.abc import Iterator
from statistics import fmean

from pydantic import Field

from civicam.vision.incidents.rule import IncidentRule, RuleParameters, Sign
from civicam.vision.incidents.scene import Scene, Thing, inside


class CongestionParameters(RuleParameters):
    """How slow, how full, how long."""

    hold_s: float = Field(default=180.0, ge=0, le=3600)
    """A cycle and a half of the longest usual signal (120 s: FHWA-HOP-08-024, 2008)."""
    release_s: float = Field(default=20.0, gt=0, le=3600)
    """A queue that a green light sets in motion for this long was a queue, not congestion."""
    share_min: float = Field(default=0.85, ge=0, le=1)
    vehicles_min: int = Field(default=4, ge=2, le=200)
    """Fewer are no traffic."""
    slow_mps: float = Field(default=4.2, gt=0, le=30)
    """Level of service F of urban streets: 30 % of free flow (HCM 2010, exhibit 17-2), which is 50 km/h in built-up
    areas (Vietnam, circular 38/2024/TT-BGTVT, for roads without a median)."""
    flowing_mps: float = Field(default=5.6, gt=0, le=30)
    """From here on it is over: 40 %, level of service E."""


def look(scene: Scene, parameters: CongestionParameters, open_subjects: frozenset[str]) -> Iterator[Sign]:  # noqa: ARG001 - as every rule
    """A sign for each carriageway that is full of slow vehicles."""
    for zone in scene.zones_for("carriageway", "no_stopping"):
        moving = [(thing, thing.speed_mps) for thing in inside(zone, scene.vehicles)]
        speeds = [speed for _, speed in moving if speed is not None]
        if len(speeds) >= parameters.vehicles_min and fmean(speeds) <= parameters.flowing_mps:
            things: list[Thing] = [thing for thing, speed in moving if speed is not None]
            yield Sign(
                subject=zone.zone_id,
                score=scene.sure(fmean(thing.score for thing in things)),
                strong=fmean(speeds) <= parameters.slow_mps,
                zone_id=zone.zone_id,
                track_ids=tuple(thing.track_id for thing in things),
                measures={"speed_mean_mps": round(fmean(speeds), 2), "vehicles": float(len(speeds))},
            )


CONGESTION = IncidentRule(name="congestion", lowest_fps=1.0, parameters=CongestionParameters(), look=look)
