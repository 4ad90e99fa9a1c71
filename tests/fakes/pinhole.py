"""A camera on a mast, by the book: where a place on the ground appears in its picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from civicam.contracts.geometry import GroundPlane, Point
from civicam.contracts.vision import Box


@dataclass(frozen=True)
class Pinhole:
    """At `height_m` over (0, 0), looking north and down by `tilt_degrees`; y of the picture goes down."""

    height_m: float
    tilt_degrees: float
    focal_px: float = 1000.0
    centre: Point = (640.0, 360.0)

    def depth(self, place: Point) -> float:
        """Metres along the axis of the lens; what is not positive is behind it."""
        tilt = math.radians(self.tilt_degrees)
        return place[1] * math.cos(tilt) + self.height_m * math.sin(tilt)

    def pixel(self, place: Point) -> Point:
        """The pixel of a place in metres east and north of the mast's foot."""
        tilt, depth = math.radians(self.tilt_degrees), self.depth(place)
        down = self.height_m * math.cos(tilt) - place[1] * math.sin(tilt)
        return self.centre[0] + self.focal_px * place[0] / depth, self.centre[1] + self.focal_px * down / depth

    @property
    def horizon_y(self) -> float:
        """The row at which the ground ends."""
        return self.centre[1] - self.focal_px * math.tan(math.radians(self.tilt_degrees))


@dataclass(frozen=True)
class Driver:
    """A car on the ground: from (x, y) at `since_s` with so many metres a second north, until it stops at `stop_y`."""

    x: float
    y: float
    speed: float = 0.0
    since_s: float = 0.0
    stop_y: float | None = None
    label: Any = "car"
    width_m: float = 1.8
    height_m: float = 1.5

    def place(self, at_s: float) -> Point:
        """Where it is, in metres."""
        gone = self.y + self.speed * max(0.0, at_s - self.since_s)
        if self.stop_y is None:
            return self.x, gone
        return self.x, min(gone, self.stop_y) if self.speed >= 0 else max(gone, self.stop_y)

    def box(self, camera: Pinhole, at_s: float) -> Box | None:
        """Its box in the picture, its foot where its place is; None outside the picture."""
        x, y = camera.pixel(self.place(at_s))
        scale = camera.focal_px / camera.depth(self.place(at_s))
        half, high = self.width_m * scale / 2, self.height_m * scale
        inside = at_s >= self.since_s and half < x < 2 * camera.centre[0] - half and high < y < 2 * camera.centre[1]
        return Box(label=self.label, score=0.9, xyxy=(x - half, y - high, x + half, y)) if inside else None


def driven(camera: Pinhole, drivers: Sequence[Driver], *, seconds: float, fps: float = 5.0) -> list[Any]:
    """What the camera sees of them at each sample: instants of `scenes`."""
    return [
        (at_s, tuple(box for one in drivers if (box := one.box(camera, at_s))))
        for at_s in (round(number / fps, 6) for number in range(round(seconds * fps)))
    ]


def ground_plane(camera: Pinhole, places: tuple[Point, Point, Point, Point]) -> GroundPlane:
    """The plane as somebody calibrates it who knows where four pixels lie."""
    one, two, three, four = map(camera.pixel, places)
    return GroundPlane(picture=(one, two, three, four), metres=places)
