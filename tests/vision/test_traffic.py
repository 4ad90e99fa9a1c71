"""Traffic in metres: cars on a road that a camera on a mast sees, as their drivers would describe them."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicam.contracts.cameras import Profile
from civicam.contracts.geometry import Line, Zone
from civicam.contracts.vision import Box, LineTraffic, VehiclesCounted, ZoneTraffic
from civicam.vision.judging import State
from civicam.vision.traffic import congestion, covered, queue_metres, speed_share
from tests.fakes.fold import facts_of
from tests.fakes.pinhole import Driver, Pinhole, driven, ground_plane
from tests.fakes.scenes import Instant, SceneClip, clip_of, cut

pytestmark = pytest.mark.unit
MAST = Pinhole(height_m=9.0, tilt_degrees=25.0)
ROAD = ((-5.0, 15.0), (5.0, 15.0), (5.0, 45.0), (-5.0, 45.0))
ONE, TWO, THREE, FOUR = (MAST.pixel(place) for place in ROAD)
LINE = Line(line_id="stop", points=(MAST.pixel((-6, 30)), MAST.pixel((6, 30))))
PROFILE = Profile(
    analytics=("vehicle",),
    lines=(LINE,),
    zones=(Zone(zone_id="road", polygon=(ONE, TWO, THREE, FOUR), use="carriageway"),),
    ground=ground_plane(MAST, ROAD),
)
NO_GROUND = PROFILE.model_copy(update={"ground": None})


def facts(clips: Sequence[SceneClip], profile: Profile = PROFILE) -> tuple[list[VehiclesCounted], State]:
    return facts_of(VehiclesCounted, clips, profile)


def one(seen: list[Instant], profile: Profile = PROFILE, fps: float = 5.0) -> VehiclesCounted:
    (fact,), _ = facts([clip_of(seen, fps=fps)], profile)
    return fact


def zone(fact: VehiclesCounted) -> ZoneTraffic:
    (measured,) = fact.zones
    return measured


@pytest.mark.parametrize("fps", [1.0, 5.0, 12.5])
@pytest.mark.parametrize("kmh", [10.0, 36.0, 60.0])
def test_cars_go_as_fast_as_they_go(kmh: float, fps: float) -> None:
    drivers = [Driver(-2, 14, kmh / 3.6, since_s=3.0 * n) for n in range(4)]
    (line,) = one(driven(MAST, drivers, seconds=22, fps=fps), fps=fps).lines
    assert line.speeds == 4
    assert line.speed_kmh_mean == pytest.approx(kmh, rel=0.02)
    assert line.speed_kmh_p85 == pytest.approx(kmh, rel=0.02)
    assert line.headways == 3
    assert line.headway_s_mean == pytest.approx(3.0, abs=0.03)


def test_each_direction_has_its_own_measures() -> None:
    drivers = [Driver(-2, 14, 5), Driver(-2, 14, 5, since_s=4), Driver(2, 46, -10), Driver(2, 46, -12, since_s=2)]
    north, south = sorted(one(driven(MAST, drivers, seconds=12)).lines, key=lambda line: line.direction)
    assert north.direction == "backward"
    assert north.headway_s_mean == pytest.approx(4, abs=0.03)
    assert north.speed_kmh_mean == pytest.approx(18, rel=0.02)
    assert south.speed_kmh_mean == pytest.approx(39.6, rel=0.02)
    assert south.speed_kmh_p85 == pytest.approx(36 + 0.85 * 7.2, rel=0.02)


def test_without_a_ground_plane_nothing_is_said_in_metres() -> None:
    drivers = [Driver(-2, 14, 8), Driver(-2, 14, 8, since_s=4), Driver(2, 16, 4, stop_y=25)]
    fact = one(driven(MAST, drivers, seconds=14), NO_GROUND)
    (line,) = fact.lines
    assert (line.speeds, line.speed_kmh_mean, line.speed_kmh_p85) == (0, None, None)
    assert line.headway_s_mean == pytest.approx(4, abs=0.05)
    assert (zone(fact).queue_m_max, zone(fact).speed_kmh_mean) == (None, None)
    assert zone(fact).queue_max == 1


QUEUE = [Driver(-2, y - 12, 6, stop_y=y) for y in (20, 27, 34, 41)]


def test_a_queue_is_as_long_as_its_row_of_standing_vehicles() -> None:
    fact = one(driven(MAST, [*QUEUE, Driver(2, 14, 8)], seconds=12))
    assert zone(fact).queue_max == 4
    assert zone(fact).queue_m_max == pytest.approx(21, abs=0.3)
    assert zone(fact).present_max == 5
    assert zone(fact).congestion in {"severe", "jammed"}


def test_moving_vehicles_queue_nowhere() -> None:
    fact = one(driven(MAST, [Driver(-2, 14, 9, since_s=n) for n in range(8)], seconds=12))
    assert (zone(fact).queue_max, zone(fact).queue_m_max) == (0, 0.0)
    assert zone(fact).speed_kmh_mean == pytest.approx(32.4, rel=0.02)
    assert (zone(fact).congestion, zone(fact).congestion_by) == ("moderate", "speed")


def test_what_is_parked_is_no_queue() -> None:
    slow = PROFILE.model_copy(update={"parameters": {"vehicle": {"parked_s": 5}}})
    seen = driven(MAST, QUEUE, seconds=40)
    (_, later), _ = facts(cut(seen, [20]), slow)
    assert (zone(later).queue_max, zone(later).congestion, zone(later).present_max) == (0, None, 4)


def test_one_frame_of_a_ghost_is_not_the_most_that_were_there() -> None:
    seen = driven(MAST, QUEUE[:2], seconds=8)
    at_s, boxes = seen[20]
    ghosts = tuple(Box(label="car", score=0.9, xyxy=(n * 90, 300, n * 90 + 60, 380)) for n in range(9))
    seen[20] = (at_s, (*boxes, *ghosts))
    assert one(seen).present_max == 2


def test_where_vehicles_may_park_nobody_says_that_they_are_jammed() -> None:
    square = PROFILE.zones[0].model_copy(update={"use": "area"})
    fact = one(driven(MAST, QUEUE, seconds=12), PROFILE.model_copy(update={"zones": (square,)}))
    assert (zone(fact).present_max, zone(fact).queue_max, zone(fact).congestion) == (4, 4, None)


def test_a_rate_too_low_to_follow_vehicles_states_no_queue() -> None:
    fact = one(driven(MAST, QUEUE, seconds=40, fps=0.5), fps=0.5)
    assert (zone(fact).queue_max, zone(fact).queue_m_max, zone(fact).present_max) == (None, None, 4)


def test_occupancy_is_the_share_under_boxes() -> None:
    square = ((100.0, 100.0), (300.0, 100.0), (300.0, 300.0), (100.0, 300.0))
    half = Box(label="car", score=0.9, xyxy=(100, 100, 200, 300))
    quarter = Box(label="car", score=0.9, xyxy=(200, 100, 300, 200))
    assert covered(square, []) == 0
    assert covered(square, [half]) == pytest.approx(0.5, abs=0.03)
    assert covered(square, [half, half, quarter]) == pytest.approx(0.75, abs=0.03)


@pytest.mark.parametrize(
    ("share", "level"),
    [
        (0.9, "free"),
        (0.85, "light"),
        (0.6, "moderate"),
        (0.45, "heavy"),
        (0.31, "severe"),
        (0.3, "jammed"),
        (0, "jammed"),
    ],
)
def test_congestion_has_the_levels_of_the_manual(share: float, level: str) -> None:
    assert congestion(share) == level


def test_the_more_stand_the_slower_are_those_that_move() -> None:
    assert [congestion(speed_share(standing)) for standing in (0, 0.1, 0.25, 0.5, 1)] == [
        "free",
        "light",
        "heavy",
        "jammed",
        "jammed",
    ]


def test_without_a_ground_plane_congestion_is_read_from_how_many_stand() -> None:
    moving = one(driven(MAST, [Driver(-2, 14, 9, since_s=n) for n in range(8)], seconds=12), NO_GROUND)
    queued = one(driven(MAST, QUEUE, seconds=40), NO_GROUND)
    empty = one(driven(MAST, [], seconds=5), NO_GROUND)
    assert (zone(moving).congestion, zone(moving).congestion_by) == ("free", "standing")
    assert (zone(queued).congestion, zone(queued).congestion_by) == ("jammed", "standing")
    assert (zone(empty).congestion, zone(empty).congestion_by) == (None, None)


@given(st.permutations([0.0, 15.0, 30.0, 60.0, 70.0]))
def test_a_wide_gap_parts_two_queues(along: list[float]) -> None:
    assert queue_metres([(0.0, y) for y in along], gap_m=20) == 30
    assert queue_metres([], gap_m=20) == 0
    assert queue_metres([(5.0, 5.0)], gap_m=20) == 0


drivers = st.builds(
    Driver,
    x=st.sampled_from([-4.0, -2.0, 0.0, 2.0, 4.0]),
    y=st.sampled_from([12.0, 20.0, 46.0]),
    speed=st.floats(-15, 15),
    since_s=st.integers(0, 8).map(float),
    stop_y=st.sampled_from([None, 25.0, 33.0]),
    label=st.sampled_from(["car", "truck", "motorcycle"]),
)


@settings(max_examples=25, deadline=None)
@given(
    cars=st.lists(drivers, max_size=6),
    fps=st.sampled_from([1.0, 5.0, 12.5]),
    borders=st.lists(st.integers(1, 149).map(lambda frame: frame / 12.5), max_size=5),
)
def test_in_pieces_the_measures_are_those_of_the_whole(cars: list[Driver], fps: float, borders: list[float]) -> None:
    seen = driven(MAST, cars, seconds=12, fps=fps)
    (whole,), state = facts([clip_of(seen, fps=fps)])
    pieces, after = facts(cut(seen, borders, fps))
    assert after == state
    assert max(piece.present_max for piece in pieces) == whole.present_max
    assert _most(pieces) == _most([whole])
    assert _sums(pieces) == pytest.approx(_sums([whole]), abs=0.05)


def _most(told: list[VehiclesCounted]) -> dict[str, Any]:
    names = ("present_max", "queue_max", "queue_m_max")
    return {name: max(getattr(zone(fact), name) for fact in told) for name in names}


def _sums(told: list[VehiclesCounted]) -> dict[str, float]:
    """Sums over crossings: what the means of the pieces come to, weighted by their numbers."""
    total: dict[str, float] = {}
    lines: list[LineTraffic] = list(itertools.chain.from_iterable(fact.lines for fact in told))
    for line in lines:
        for number, mean in (("headways", line.headway_s_mean), ("speeds", line.speed_kmh_mean)):
            name = f"{line.line_id} {line.direction} {number}"
            total[name] = total.get(name, 0) + getattr(line, number)
            total[f"{name} sum"] = total.get(f"{name} sum", 0) + getattr(line, number) * (mean or 0)
    return total
