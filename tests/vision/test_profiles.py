"""Profiles: what means nothing is refused at the door; what was drawn in another picture is scaled or suspended."""

import math
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.contracts.cameras import Profile
from civicam.contracts.errors import Rejected
from civicam.contracts.geometry import GroundPlane, Line, Point, Zone
from civicam.contracts.vision import CrowdMeasured, VehiclesCounted
from civicam.vision.drawing import drawn_in
from civicam.vision.judging import EMPTY, Judged, judge
from civicam.vision.profiles import admit_profile
from tests.fakes.scenes import Mover, clip_of, instants

pytestmark = pytest.mark.unit
CORNERS = ((100, 100), (500, 100), (500, 400), (100, 400))
DOWN = {"line_id": "down", "points": [[100, 360], [1200, 360]]}
SQUARE = {"zone_id": "square", "polygon": [[0, 0], [640, 0], [640, 720], [0, 720]]}
PLANE = {"picture": [[0, 0], [640, 0], [640, 720], [0, 720]], "metres": [[0, 20], [18, 20], [18, 0], [0, 0]]}


def zone(**changes: Any) -> dict[str, Any]:
    return {"zones": [SQUARE | changes]}


def ground(**changes: Any) -> dict[str, Any]:
    return {"ground": PLANE | changes}


def test_a_profile_that_means_something_is_taken() -> None:
    admit_profile(Profile())
    told = {"picture": [1280, 720], "lines": [DOWN], "zones": [SQUARE], "ground": PLANE}
    admit_profile(Profile.model_validate(told | {"parameters": {"vehicle": {"clear_px": 3}}}))


@pytest.mark.parametrize(
    ("profile", "why"),
    [
        ({"analytics": ["vehicle", "weather"]}, r"weather is no analytic: there are vehicle, crowd"),
        ({"parameters": {"weather": {}}}, r"weather is no analytic"),
        ({"parameters": {"vehicle": {"colour": 1}}}, r"parameters of vehicle: colour: .*there are: clear_sizes"),
        ({"parameters": {"vehicle": {"clear_px": "wide"}}}, r"parameters of vehicle: clear_px"),
        ({"parameters": {"vehicle": {"clear_px": -1}}}, r"parameters of vehicle: clear_px"),
        ({"picture": [0, 720]}, r"picture 0 x 720 has no area"),
        ({"view": [1, 2, 3]}, r"view has 3 numbers instead of 168: copy an analysis' `sampled.outline`"),
        ({"lines": [DOWN | {"points": [[-1, 5], [9, 5]]}]}, r"line down has \[-1, 5\] outside any picture: draw"),
        ({"lines": [DOWN], "picture": [640, 360]}, r"line down has \[1200, 360\] outside the picture, 640 x 360"),
        ({"lines": [DOWN | {"points": [[9, 9], [9, 9]]}]}, r"line down has no length: give two points"),
        ({"lines": [DOWN, DOWN]}, r"there are 2 lines down: give each a name"),
        ({"zones": [SQUARE, SQUARE]}, r"there are 2 zones square"),
        (zone(polygon=[[0, 0], [640, 720], [640, 0], [0, 720]]), r"zone square crosses itself: give its corners in"),
        (zone(polygon=[[0, 0], [100, 100], [200, 200]]), r"zone square has no area: give at least three"),
        (zone(polygon=[[0, 0], [100, 100], [0, 0]]), r"zone square has no area"),
        (zone(polygon=[[0, 0], [100, -9], [9, 9]]), r"zone square has \[100, -9\] outside"),
        (zone(heading=[[5, 5], [5, 5]]), r"zone square has a heading of no length"),
        (zone(closed=[{"start": "22:00", "end": "22:00"}]), r"zone square is closed from 22:00 to 22:00"),
        (ground(picture=[[0, 0], [1, 0], [2, 0], [0, 720]]), r"three of the ground plane's four points in `picture`"),
        (ground(metres=[[0, 20], [18, 0], [18, 20], [0, 0]]), r"same order"),
        (ground(metres=[[0, 2e-4], [2e-4, 2e-4], [2e-4, 0], [0, 0]]), r"give them in metres \(not in degrees\)"),
    ],
)
def test_what_means_nothing_is_refused_with_the_remedy(profile: dict[str, Any], why: str) -> None:
    with pytest.raises(Rejected, match=why) as refused:
        admit_profile(Profile.model_validate(profile))
    assert refused.value.reason == "bad_profile"


def test_every_complaint_is_told_at_once() -> None:
    with pytest.raises(Rejected, match=r"line down has no length.*zone square has no area"):
        admit_profile(
            Profile.model_validate(
                {"lines": [DOWN | {"points": [[1, 1], [1, 1]]}], **zone(polygon=[[0, 0], [1, 1], [2, 2]])}
            )
        )


def test_a_ring_that_ends_where_it_began_is_a_polygon_all_the_same() -> None:
    admit_profile(Profile(zones=(Zone(zone_id="ring", polygon=(*CORNERS, CORNERS[0])),)))


whole = st.integers(0, 60).map(float)


@given(st.lists(st.tuples(whole, whole), min_size=4, max_size=7, unique=True))
def test_a_zone_is_taken_exactly_when_no_two_of_its_sides_pass_through_each_other(corners: list[Point]) -> None:
    profile = Profile(zones=(Zone(zone_id="any", polygon=tuple(corners)),))
    sides = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    crossing = any(_meet_inside(*one, *other) for one, other in combinations(sides, 2))
    try:
        admit_profile(profile)
    except Rejected as refusal:
        assert crossing == ("crosses itself" in str(refusal))  # noqa: PT017 - the other refusals are for flat ones
    else:
        assert not crossing


def _meet_inside(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether AB and CD, neither parallel nor touching, share a point: by solving for where on each it lies."""
    across = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0])
    if across == 0:
        return False
    on_first = ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) / across
    on_second = ((c[0] - a[0]) * (b[1] - a[1]) - (c[1] - a[1]) * (b[0] - a[0])) / across
    return 1e-9 < on_first < 1 - 1e-9 and 1e-9 < on_second < 1 - 1e-9


STREET = [Mover(300, -20, vy=90), *(Mover(100 + 80 * n, 300, label="person", width=30, height=80) for n in range(3))]
DRAWN = Profile(
    lines=(Line(line_id="down", points=((100, 360), (1200, 360))),),
    zones=(Zone(zone_id="square", polygon=((0, 0), (640, 0), (640, 720), (0, 720)), heading=((0, 0), (0, 720))),),
    ground=GroundPlane.model_validate(PLANE),
    picture=(1280, 720),
)


def judged(profile: Profile) -> Judged:
    clip = clip_of(instants(STREET, seconds=8))
    return judge(profile, clip.detected, clip.boxes, EMPTY, judged_at=clip.detected.footage.capture_end)


def _scaled(profile: Profile, by: float) -> Profile:
    """The same drawings made in a picture `by` times as large."""

    def larger(points: Any) -> Any:
        return tuple((x * by, y * by) for x, y in points)

    (line,), (square,), plane = profile.lines, profile.zones, profile.ground
    assert plane
    return profile.model_copy(
        update={
            "picture": (round(1280 * by), round(720 * by)),
            "lines": (Line(line_id=line.line_id, points=larger(line.points)),),
            "zones": (
                square.model_copy(update={"polygon": larger(square.polygon), "heading": larger(square.heading)}),
            ),
            "ground": GroundPlane(picture=larger(plane.picture), metres=plane.metres),
        }
    )


@pytest.mark.parametrize("by", [0.5, 1.5, 3.0])
def test_a_sub_stream_of_the_same_proportions_is_judged_as_the_stream_it_was_drawn_in(by: float) -> None:
    sampled = clip_of(instants([], seconds=1)).detected.sampled
    assert drawn_in(_scaled(DRAWN, by), sampled).profile == DRAWN
    assert judged(_scaled(DRAWN, by)).facts == judged(DRAWN).facts


def test_the_sides_of_a_sub_stream_may_be_rounded() -> None:
    sampled = clip_of(instants([], seconds=1), width=704, height=400).detected.sampled
    (line,) = drawn_in(DRAWN, sampled).profile.lines
    assert math.dist(line.points[0], (55, 200)) < 1e-9


def test_in_a_picture_of_other_proportions_nothing_drawn_is_applied_and_the_facts_say_so() -> None:
    other = DRAWN.model_copy(update={"picture": (704, 576)})
    vehicles, crowd = judged(other).facts
    assert isinstance(vehicles, VehiclesCounted)
    assert isinstance(crowd, CrowdMeasured)
    assert (vehicles.suspended, vehicles.crossings) == ("other_picture", ())
    assert (crowd.suspended, crowd.zones, crowd.people_max) == ("other_picture", (), 3)
    assert {fact.suspended for fact in judged(DRAWN).facts} == {None}
