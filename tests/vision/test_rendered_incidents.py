"""Every incident rule on a rendered scene with scripted truth: real decoder, sandbox, detector and judge, and no rule's
parameters changed."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from civicam.vision.catalogue import load_catalogue
from civicam_cli.analysis.camera import FileCamera
from civicam_cli.analysis.choice import Models
from civicam_cli.analysis.document import Wish, analyse_file
from tests.fakes.pinhole import Pinhole
from tests.fakes.rendered import (
    FPS,
    HATCH,
    SALOON,
    SUV,
    VAN,
    Picture,
    Prop,
    bicycle,
    campus,
    car_park,
    film,
    junction,
    vehicle,
    walker,
)

pytestmark = [pytest.mark.unit, pytest.mark.needs_clips, pytest.mark.needs_models]
START = "2026-11-24T11:00:00Z"
"""18:00 in the city."""
NEVER = (0.0, 0.0)
WHOLE = [[0, 0], [1280, 0], [1280, 720], [0, 720]]
ROAD = [[0, 330], [1280, 330], [1280, 720], [0, 720]]
"""The near half of the junction: what stands on the far half waits at a light."""
CARRIAGEWAY = {"use": "carriageway", "polygon": ROAD}
YARD = {"polygon": [[500, 330], [1280, 330], [1280, 720], [500, 720]]}


@dataclass(frozen=True)
class Scene:
    """What is shown, to which camera, and when it should be seen to begin."""

    props: Callable[[Path], list[Prop]]
    seconds: float
    begins_s: tuple[float, float]
    zone: dict[str, Any]
    background: Callable[[Path], Picture] = junction
    model: str = "picodet-s"
    fps: int = FPS
    drawn: dict[str, Any] = field(default_factory=dict)
    """What else is drawn for the camera."""


def stops(mirror: Path) -> list[Prop]:
    return [Prop(vehicle(mirror, SUV), ((0, 150, 640), (3, 640, 470), (18, 640, 470)))]


def drives(mirror: Path) -> list[Prop]:
    return [Prop(vehicle(mirror, SALOON), ((0, 150, 640), (4, 900, 420)))]


def creeps(mirror: Path, seconds: float = 205) -> list[Prop]:
    """Two lanes, each car 3.6 metres behind the one before it, all at walking pace: 1 m/s."""
    pictures = [vehicle(mirror, seen, 0.85) for seen in (SALOON, SUV)]
    pace, apart, far = 75, 300, 1700
    jam = []
    for number in range(-5, round(seconds * pace / apart)):
        since_s = number * apart / pace
        for lane in range(2):
            begins_s = max(0.0, since_s)
            x, y = pace * (begins_s - since_s) - 200 - 60 * lane, 480 + 170 * lane
            end_s = since_s + far / pace
            if end_s > begins_s:
                jam.append(
                    Prop(pictures[number % 2], ((begins_s, x, y), (end_s, x + pace * (end_s - begins_s), y - 30)))
                )
    return jam


def crash(mirror: Path) -> list[Prop]:
    one = Prop(vehicle(mirror, SUV), ((0, -160, 600), (2, 600, 520), (10, 600, 520)))
    return [one, Prop(vehicle(mirror, VAN), ((0, 1400, 640), (2, 830, 520), (10, 830, 520)))]


def comes(mirror: Path) -> list[Prop]:
    return [Prop(vehicle(mirror, HATCH), ((0, 1280, 420), (6, 200, 640)))]


def crosses(mirror: Path) -> list[Prop]:
    return [Prop(walker(mirror), ((0, 120, 330), (8, 900, 430)))]


def abandons(mirror: Path) -> list[Prop]:
    """Somebody pushes a bicycle into the yard, and walks away without it."""
    who = Prop(walker(mirror, 0, 190), ((0, 130, 500), (5, 530, 530), (9, 530, 530), (16, 1400, 330)))
    return [who, Prop(bicycle(mirror), ((0, 330, 510), (5, 730, 540), (90, 730, 540)))]


def runs(mirror: Path) -> list[Prop]:
    """Five people walk at 1.3 m/s; after four seconds they run, and reach 4 m/s in one more. 75 pixels a metre."""
    quicker = [(at_s, min(1.0, max(0.0, at_s - 4))) for at_s in (0.2 * step for step in range(46))]
    away = [(at_s, 75 * (1.3 * at_s + 2.7 * (share**2 / 2 + max(0.0, at_s - 5)))) for at_s, share in quicker]
    return [
        Prop(
            walker(mirror, who, 120 + 14 * (who % 3)),
            tuple((at_s, 60 + 70 * who + far, 330 + 45 * (who % 3)) for at_s, far in away),
        )
        for who in range(5)
    ]


CROWDED = Pinhole(height_m=9, tilt_degrees=68, focal_px=2000)
MIDDLE_M = 3.6
"""North of the mast's foot: what it looks at."""
SQUARE = [(-3.0, MIDDLE_M - 2), (3.0, MIDDLE_M - 2), (3.0, MIDDLE_M + 2), (-3.0, MIDDLE_M + 2)]
GROUND = {"picture": [list(CROWDED.pixel(corner)) for corner in SQUARE], "metres": [list(one) for one in SQUARE]}


def crushed(mirror: Path, per_m2: float = 6) -> list[Prop]:
    """48 people, so many a square metre, who sway."""
    chance, pitch = random.Random(4), per_m2**-0.5
    people = []
    for row in range(6):
        for column in range(8):
            x, y = (column - 3.5 + 0.5 * (row % 2)) * pitch, MIDDLE_M + (2.5 - row) * pitch - 0.2
            foot = CROWDED.pixel((x + chance.gauss(0, 0.03), y + chance.gauss(0, 0.03)))
            metre = CROWDED.focal_px / CROWDED.depth((x, y))
            somebody = walker(mirror, chance.randrange(6), round(0.92 * metre))
            people.append(Prop(somebody, ((0, *foot), (12, foot[0] + 6, foot[1]), (24, *foot))))
    return people


SCENES = {
    "stopped_vehicle": Scene(stops, 17, (3, 5), {"use": "no_stopping", "polygon": ROAD}),
    "wrong_way": Scene(drives, 4, (1, 3.6), CARRIAGEWAY | {"heading": [[640, 360], [0, 720]]}),
    "congestion": Scene(creeps, 200, (0, 15), CARRIAGEWAY, fps=2),
    "collision_suspected": Scene(crash, 10, (1.8, 3.5), CARRIAGEWAY),
    "zone_entered_outside_hours": Scene(comes, 6, (0.4, 4), YARD | {"closed": [{"start": "17:00", "end": "06:00"}]}),
    "pedestrian_on_carriageway": Scene(crosses, 8, (0, 2), {"use": "carriageway"}, campus),
    "object_left_behind": Scene(abandons, 82, (9, 18), {"use": "restricted"}, car_park, "yolox-nano", fps=2),
    "sudden_run": Scene(runs, 9, (4.4, 7), {"use": "area"}, campus),
    "crowd_crush_risk": Scene(
        crushed, 24, (0, 11), {"use": "area"}, campus, "yolox-nano", fps=2, drawn={"ground": GROUND}
    ),
}


def suspected(path: Path, scene: Scene, mirror: Path) -> list[Any]:
    """The incidents of a scene, as `civicam analyse` states them."""
    path.write_bytes(film(scene.background(mirror), scene.props(mirror), scene.seconds, scene.fps))
    entry = {"zones": [{"zone_id": "zone", "polygon": WHOLE} | scene.zone], "capture_start": START} | scene.drawn
    wish = Wish(FileCamera.model_validate(entry), ("incident",), scene.fps, False)
    document: dict[str, Any] = analyse_file(path, wish, Models(load_catalogue(), (scene.model,)))
    return [fact["data"] for fact in document["facts"]]


def second(moment: str) -> float:
    return (datetime.fromisoformat(moment) - datetime.fromisoformat(START)) / timedelta(seconds=1)


@pytest.mark.parametrize("rule", SCENES)
def test_a_rule_fires_on_what_was_scripted_and_no_other_does(rule: str, clip_mirror: Path, tmp_path: Path) -> None:
    scene = SCENES[rule]
    found = suspected(tmp_path / "scene.mp4", scene, clip_mirror)
    assert [fact["rule"] for fact in found if fact["phase"] == "begun"] == [rule]
    first, last = scene.begins_s
    assert first <= second(found[0]["start"]) <= last
    assert found[0]["evidence"]
    assert all(first <= second(shown["at"]) <= scene.seconds for shown in found[0]["evidence"])


NEAR_MISSES = {
    "a stop no longer than at a light": Scene(stops, 17, NEVER, CARRIAGEWAY),
    "a queue no longer than at a light": Scene(creeps, 60, NEVER, CARRIAGEWAY, fps=2),
    "a way with the traffic": Scene(drives, 4, NEVER, CARRIAGEWAY | {"heading": [[0, 720], [640, 360]]}),
    "a yard that is open": Scene(comes, 6, NEVER, YARD | {"closed": [{"start": "20:00", "end": "06:00"}]}),
    "a crowd in which everybody can still move": Scene(
        lambda mirror: crushed(mirror, 2), 15, NEVER, {"use": "area"}, campus, "yolox-nano", 2, {"ground": GROUND}
    ),
}


@pytest.mark.parametrize("miss", NEAR_MISSES)
def test_what_is_shown_where_it_may_be_is_no_incident(miss: str, clip_mirror: Path, tmp_path: Path) -> None:
    assert suspected(tmp_path / "scene.mp4", NEAR_MISSES[miss], clip_mirror) == []
