"""Crowds: how dense, who walks in and out, whether people gather; where footage was cut does not matter."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicam.contracts.cameras import Profile
from civicam.contracts.geometry import GroundPlane, Zone
from civicam.contracts.vision import CrowdMeasured, Trend, ZonePeople
from civicam.vision.crowding import (
    QUEUEING_M2,
    SLOT_MS,
    WALKWAY_M2,
    Gathering,
    TrendParameters,
    Visit,
    border_distance,
    level,
)
from civicam.vision.held import Look
from civicam.vision.judging import State
from tests.fakes.fold import facts_of
from tests.fakes.scenes import Instant, Mover, SceneClip, clip_of, cut, instants

pytestmark = pytest.mark.unit
CORNERS = ((300.0, 200.0), (900.0, 200.0), (900.0, 600.0), (300.0, 600.0))
SQUARE = Zone(zone_id="square", polygon=CORNERS)
FLAT = GroundPlane(
    picture=((0, 0), (1280, 0), (1280, 720), (0, 720)), metres=((0, 14.4), (25.6, 14.4), (25.6, 0), (0, 0))
)
"""Fifty pixels a metre: the square is 12 m by 8 m."""
PROFILE = Profile(analytics=("crowd",), zones=(SQUARE,), ground=FLAT)


def facts(clips: Sequence[SceneClip], profile: Profile = PROFILE) -> tuple[list[CrowdMeasured], State]:
    return facts_of(CrowdMeasured, clips, profile)


def zone(seen: list[Instant], profile: Profile = PROFILE, fps: float = 5.0) -> ZonePeople:
    (fact,), _ = facts([clip_of(seen, fps=fps)], profile)
    (measured,) = fact.zones
    return measured


def walker(x: float, y: float, vx: float = 0.0, vy: float = 0.0, since_s: float = 0.0) -> Mover:
    """Somebody whose feet are at (x, y)."""
    return Mover(x, y - 40, vx=vx, vy=vy, since_s=since_s, label="person", width=30, height=80)


STANDING = [walker(340 + 50 * n, 300 + 60 * row) for n in range(8) for row in range(3)]


def test_density_is_people_by_ground() -> None:
    measured = zone(instants(STANDING, seconds=4))
    assert (measured.people_mean, measured.people_max) == (24, 24)
    assert measured.density_per_m2 == measured.density_max_per_m2 == pytest.approx(24 / 96)
    assert (measured.walkway_level, measured.queueing_level) == ("A", "A")


def test_without_a_ground_plane_there_is_no_density() -> None:
    measured = zone(instants(STANDING, seconds=4), PROFILE.model_copy(update={"ground": None}))
    assert (measured.people_max, measured.density_per_m2, measured.walkway_level) == (24, None, None)


def test_a_zone_beyond_what_the_ground_plane_vouches_for_has_no_density() -> None:
    plane = GroundPlane(picture=((300, 500), (340, 500), (340, 540), (300, 540)), metres=FLAT.metres)
    measured = zone(instants(STANDING, seconds=4), PROFILE.model_copy(update={"ground": plane}))
    assert measured.density_per_m2 is None


@pytest.mark.parametrize(
    ("m2", "walking", "waiting"),
    [
        (4.0, "A", "A"),
        (2.4, "B", "A"),
        (1.4, "C", "A"),
        (1.0, "D", "B"),
        (0.5, "E", "D"),
        (0.4, "F", "D"),
        (0.1, "F", "F"),
    ],
)
def test_levels_are_fruin_s(m2: float, walking: str, waiting: str) -> None:
    assert (level(m2, WALKWAY_M2), level(m2, QUEUEING_M2)) == (walking, waiting)


def test_who_walks_in_and_out_is_counted_once_each() -> None:
    through, into = walker(200, 400, vx=100), walker(500, 700, vy=-60, since_s=1)
    out, beside = walker(850, 300, vx=60), walker(100, 100, vx=50)
    measured = zone(instants([through, into, out, beside], seconds=9))
    assert (measured.entered, measured.left) == (2, 2)


@given(st.lists(st.floats(-3, 3), min_size=5, max_size=60))
def test_trembling_on_the_border_is_no_flow(trembling: list[float]) -> None:
    visit = Visit().seen(CORNERS, (400, 400), 5)
    for offset in trembling:
        visit = visit.seen(CORNERS, (300 + offset, 400), 5)
    assert (visit.side, visit.entered, visit.left) == (1, 0, 0)
    assert visit.seen(CORNERS, (200, 400), 5) == Visit(-1, 0, 1)


def test_below_a_look_a_second_there_is_no_flow() -> None:
    measured = zone(instants([walker(200, 400, vx=20)], seconds=40, fps=0.5), fps=0.5)
    assert (measured.entered, measured.left) == (None, None)


def test_a_passing_ghost_is_not_the_most_that_were_there() -> None:
    seen = instants(STANDING[:3], seconds=6)
    at_s, boxes = seen[10]
    seen[10] = (at_s, (*boxes, *(box for one in STANDING[3:] if (box := one.box(at_s)))))
    assert zone(seen).people_max == 3


def test_distance_to_a_border_is_to_its_nearest_place() -> None:
    assert border_distance(CORNERS, (400, 400)) == 100
    assert border_distance(CORNERS, (880, 590)) == 10
    assert border_distance(CORNERS, (900, 700)) == 100
    assert border_distance(CORNERS, (903, 604)) == 5


def gathered(counts: Sequence[int]) -> list[Trend | None]:
    """The trend after each slot of ten seconds with so many people."""
    gathering, told = Gathering(), []
    for number, count in enumerate(counts):
        looks: list[Look] = [(1 + number * SLOT_MS + 1000 * n, count) for n in range(10)]
        gathering = gathering.seen(looks, TrendParameters())
        told.append(gathering.trend)
    return told


def test_a_crowd_that_forms_and_goes_is_said_to() -> None:
    told = gathered([10] * 8 + [20] * 8 + [20] * 4 + [6] * 6)
    assert told[0] is None
    assert told[7] == "steady"
    assert "forming" in told[9:14]
    assert told[19] == "steady"
    assert told[-1] == "dispersing"


def test_coming_and_going_by_a_few_is_steady() -> None:
    assert set(gathered([10, 12, 9, 11, 13, 10, 8, 12, 11, 13, 10, 9, 12])) == {None, "steady"}


def test_a_trend_holds_until_it_differs_by_less_than_half() -> None:
    told = gathered([10] * 9 + [19] * 2 + [13] * 6)
    assert told[10] == "steady"
    assert told[11:14] == ["forming"] * 3, "the last of them by 3.9 people, which alone would not begin one"
    assert told[-1] == "steady"


people = st.builds(
    walker,
    x=st.floats(0, 1280),
    y=st.floats(60, 720),
    vx=st.floats(-120, 120),
    vy=st.floats(-120, 120),
    since_s=st.integers(0, 30).map(float),
)


@settings(max_examples=15, deadline=None)
@given(
    crowd=st.lists(people, max_size=8),
    seed=st.integers(0, 99),
    borders=st.lists(st.integers(1, 89).map(float), max_size=6),
)
def test_in_pieces_the_measures_are_those_of_the_whole(crowd: list[Mover], seed: int, borders: list[float]) -> None:
    chance = random.Random(seed)
    seen = [
        (at_s, tuple(box for box in boxes if chance.random() > 0.1))
        for at_s, boxes in instants(crowd, seconds=90, fps=1.0)
    ]
    (whole,), state = facts([clip_of(seen, fps=1.0)])
    pieces, after = facts(cut(seen, borders, 1.0))
    assert after == state
    assert max(piece.zones[0].people_max for piece in pieces) == whole.zones[0].people_max
    assert sum(piece.zones[0].entered or 0 for piece in pieces) == whole.zones[0].entered
    assert sum(piece.zones[0].left or 0 for piece in pieces) == whole.zones[0].left
    assert pieces[-1].zones[0].trend == whole.zones[0].trend
