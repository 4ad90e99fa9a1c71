"""Whether what is drawn for a camera fits the picture that came: scaled to it, or suspended, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from civicam.contracts.cameras import Profile
from civicam.contracts.geometry import GroundPlane, Point
from civicam.contracts.vision import Sampled, Suspension
from civicam.vision.aim import undrawn

PROPORTIONS = 0.02
"""By how much the ratio of width to height may differ: encoders round a sub-stream's sides to multiples of 8 or 16."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The profile in pixels of the clip, and why its drawings are not applied, where they are not."""

    profile: Profile
    suspended: Suspension | None = None


def drawn_in(profile: Profile, sampled: Sampled, suspended: Suspension | None = None) -> Drawn:
    """The profile as the clip's picture shows it.

    A sub-stream of the same proportions gets the drawings scaled. Of another picture nobody knows where they lie:
    lines, zones and ground plane are left out, as they are where they are `suspended` for another reason.
    """
    if suspended:
        return Drawn(undrawn(profile), suspended)
    size = (sampled.width, sampled.height)
    if profile.picture is None or profile.picture == size:
        return Drawn(profile)
    (width, height), (drawn_width, drawn_height) = size, profile.picture
    if abs(width * drawn_height / (height * drawn_width) - 1) > PROPORTIONS:
        return Drawn(undrawn(profile), "other_picture")
    return Drawn(_scaled(profile, width / drawn_width, height / drawn_height).model_copy(update={"picture": size}))


def _scaled(profile: Profile, across: float, down: float) -> Profile:
    def to(point: Point) -> Point:
        return point[0] * across, point[1] * down

    def all_of(points: Sequence[Point]) -> Any:
        return tuple(map(to, points))

    return profile.model_copy(
        update={
            "lines": tuple(line.model_copy(update={"points": all_of(line.points)}) for line in profile.lines),
            "zones": tuple(
                zone.model_copy(
                    update={"polygon": all_of(zone.polygon), "heading": zone.heading and all_of(zone.heading)}
                )
                for zone in profile.zones
            ),
            "ground": profile.ground
            and GroundPlane(picture=all_of(profile.ground.picture), metres=profile.ground.metres),
        }
    )
