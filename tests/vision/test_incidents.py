"""Every incident rule on tracks written by hand: when it fires, and the near misses at which it is silent."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicam.contracts.cameras import Profile
from civicam.contracts.geometry import GroundPlane, Hours, Zone
from civicam.contracts.incidents import IncidentSuspected
from civicam.vision.analytics.incidents import INCIDENTS
from civicam.vision.incidents import RULES
from civicam.vision.incidents.zone_entered_outside_hours import is_closed
from civicam.vision.judging import EMPTY
from tests.fakes.fold import judged
from tests.fakes.scenes import START, Instant, Mover, clip_of, cut, instants, route

pytestmark = pytest.mark.unit

WHOLE = ((0, 0), (1280, 0), (1280, 720), (0, 720))
EAST = ((0, 360), (1280, 360))
ROAD = Zone(zone_id="road", polygon=WHOLE, use="carriageway")
ONE_WAY = ROAD.model_copy(update={"heading": EAST})
FORBIDDEN = Zone(zone_id="ramp", polygon=WHOLE, use="no_stopping")
SQUARE = Zone(zone_id="square", polygon=WHOLE)
PERSON: dict[str, Any] = {"label": "person", "width": 30, "height": 80}
RIDER: dict[str, Any] = {"label": "motorcycle", "width": 40, "height": 70}
WALK = 70
"""Pixels a second that a PERSON walks: 1.3 m/s by size."""


def camera(*zones: Zone, **parameters: Any) -> Profile:
    return Profile(analytics=("incident",), zones=zones, parameters={"incident": parameters})


def suspected(
    things: Sequence[Mover] | Sequence[Instant], profile: Profile, seconds: float, fps: float = 5.0, **sampled: Any
) -> list[IncidentSuspected]:
    """The incidents of one clip."""
    seen = [one for one in things if not isinstance(one, Mover)] or instants(things, seconds=seconds, fps=fps)  # type: ignore[arg-type] # all are movers
    facts = judged(clip_of(seen, fps=fps, **sampled), profile).facts
    return [fact for fact in facts if isinstance(fact, IncidentSuspected)]


def rules(found: Sequence[IncidentSuspected]) -> set[str]:
    return {fact.rule for fact in found}


def trembling(things: Sequence[Mover], seconds: float, fps: float = 5.0, seed: int = 1) -> list[Instant]:
    """The scene as a detector boxes it: 0.06 sizes of noise, one box in ten missed."""
    chance = random.Random(seed)

    def noisy(box: Any) -> Any:
        size = ((box.xyxy[2] - box.xyxy[0]) * (box.xyxy[3] - box.xyxy[1])) ** 0.5
        return box.model_copy(update={"xyxy": tuple(edge + chance.gauss(0, 0.04 * size) for edge in box.xyxy)})

    return [
        (at_s, tuple(noisy(box) for box in boxes if chance.random() > 0.1))
        for at_s, boxes in instants(things, seconds=seconds, fps=fps)
    ]


# stopped vehicle

STOPS = route((0, 100, 400), (3, 500, 400), (200, 500, 400))


def test_a_vehicle_that_stops_where_it_is_forbidden_is_suspected_after_ten_seconds() -> None:
    (begun,) = suspected(STOPS, camera(FORBIDDEN), 20)
    assert (begun.rule, begun.phase, begun.zone_id, begun.end) == ("stopped_vehicle", "begun", "ramp", None)
    assert (begun.start - START) / timedelta(seconds=1) == pytest.approx(4, abs=0.5)
    assert begun.measures["lasted_s"] == 10
    assert len(begun.track_ids) == 1
    assert (begun.evidence[0].at - begun.start).total_seconds() == 0
    assert [shown.clip_id for shown in begun.evidence] == [begun.clip_id] * 3
    assert begun.confidence == pytest.approx(0.9)


def test_a_vehicle_at_a_red_light_is_no_incident_and_one_that_outstays_it_is() -> None:
    red = route((0, 100, 400), (3, 500, 400), (93, 500, 400), (98, 1250, 400))
    assert suspected(red, camera(ROAD), 100) == []
    assert rules(suspected(STOPS, camera(ROAD), 180)) == {"stopped_vehicle"}


def queue(count: int) -> list[Mover]:
    return [
        one
        for n in range(count)
        for one in route((0, 40, 100 * n + 80), (5, 700, 100 * n + 80), (240, 700, 100 * n + 80))
    ]


def test_vehicles_that_stand_in_a_queue_are_congestion_and_not_so_many_incidents() -> None:
    assert [one.rule for one in suspected(queue(5), camera(ROAD), 220, fps=2)] == ["congestion"]


def test_a_vehicle_that_stands_while_others_pass_is_suspected_among_many() -> None:
    passing = [Mover(0, 80 + 130 * (n % 5), vx=300, since_s=0.8 * n) for n in range(240)]
    assert rules(suspected([*STOPS, *passing], camera(ROAD), 180)) == {"stopped_vehicle"}


def test_parked_cars_make_no_queue_of_one_that_stops() -> None:
    parked = [Mover(200 * n + 100, 650) for n in range(6)]
    told = suspected([*STOPS, *parked], camera(ROAD, congestion={"hold_s": 900}), 170, fps=2)
    assert [one.track_ids for one in told if one.confidence > 0.8] != []


def test_a_vehicle_that_crawls_does_not_stand() -> None:
    crawls = [Mover(100, 400, vx=30)]
    assert suspected(crawls, camera(FORBIDDEN), 35) == []


def test_a_bus_at_its_stop_may_stand_for_two_minutes() -> None:
    bus = route((0, 100, 400), (4, 500, 400), (64, 500, 400), (68, 1100, 400), label="truck", width=160, height=90)
    as_bus = [
        (at_s, tuple(box.model_copy(update={"label": "bus"}) for box in boxes))
        for at_s, boxes in instants(bus, seconds=70)
    ]
    assert suspected(as_bus, camera(FORBIDDEN), 70) == []
    assert rules(suspected(bus, camera(FORBIDDEN), 70)) == {"stopped_vehicle"}


def test_a_lorry_that_hides_a_stopped_car_for_some_seconds_makes_no_second_incident() -> None:
    hidden = [(at_s, () if 15 <= at_s < 20 else boxes) for at_s, boxes in instants(STOPS, seconds=40)]
    found = suspected(hidden, camera(FORBIDDEN), 40)
    assert [fact.phase for fact in found] == ["begun"]


def test_what_was_there_before_the_camera_looked_is_less_certain() -> None:
    parked = [Mover(500, 400)]
    (begun,) = suspected(parked, camera(FORBIDDEN), 20)
    assert begun.confidence == pytest.approx(0.54)
    assert suspected([Mover(500, 400, score=0.6)], camera(FORBIDDEN), 20) == []


def test_a_vehicle_that_drives_on_ends_the_incident_when_it_was_last_seen_there() -> None:
    leaves = route((0, 100, 400), (3, 500, 400), (20, 500, 400), (24, 1200, 400), (40, 1200, 400))
    begun, ended = suspected(leaves, camera(FORBIDDEN, stopped_vehicle={"no_stopping_s": 5}), 30)[:2]
    assert (begun.phase, ended.phase) == ("begun", "ended")
    assert begun.incident_id == ended.incident_id
    assert begun.fact_id != ended.fact_id
    assert ended.end is not None
    assert (ended.end - START) / timedelta(seconds=1) == pytest.approx(20, abs=0.6)


# wrong way


@pytest.mark.parametrize("fps", [2.0, 5.0, 12.5, 25.0])
def test_a_rider_against_the_traffic_is_suspected_at_any_rate_that_shows_the_way(fps: float) -> None:
    found = suspected([Mover(1200, 400, vx=-200, **RIDER)], camera(ONE_WAY), 6, fps)
    assert [(fact.rule, fact.phase) for fact in found] == [("wrong_way", "begun")]
    assert found[0].measures["speed_mps"] == pytest.approx(4.9, abs=0.3)


def test_below_the_rate_that_a_rule_needs_it_is_silent() -> None:
    assert suspected([Mover(1200, 400, vx=-100, **RIDER)], camera(ONE_WAY), 10, fps=1.0) == []


def test_traffic_along_or_across_the_heading_or_without_one_is_no_incident() -> None:
    along = [Mover(50, 300, vx=200, **RIDER), Mover(600, 50, vy=120), Mover(300, 700, vy=-150)]
    assert suspected(along, camera(ONE_WAY), 6) == []
    assert suspected([Mover(1200, 400, vx=-200, **RIDER)], camera(ROAD), 6) == []


def test_a_vehicle_that_turns_is_not_on_the_wrong_way() -> None:
    turns = route((0, 900, 700), (1.5, 880, 500), (2.2, 780, 420), (3.5, 620, 300), (5, 600, 60))
    assert suspected(turns, camera(ONE_WAY), 5) == []


def test_backing_into_a_space_is_not_the_wrong_way() -> None:
    backs = route((0, 300, 600), (2, 700, 600), (4, 700, 600), (7, 520, 610), (20, 520, 610))
    assert "wrong_way" not in rules(suspected(backs, camera(ONE_WAY), 15))


def test_a_machine_that_is_pushed_is_not_on_the_wrong_way() -> None:
    assert suspected([Mover(1200, 400, vx=-45, **RIDER)], camera(ONE_WAY), 15) == []


# congestion

SHORT: dict[str, Any] = {"hold_s": 20, "release_s": 5}


def jam(speed: float, count: int = 6, **changes: Any) -> list[Mover]:
    return [Mover(60 + 150 * n, 250 + 100 * (n % 3), vx=speed, **changes) for n in range(count)]


def test_slow_traffic_that_lasts_is_congestion_and_over_when_it_flows() -> None:
    flows = [
        leg
        for n in range(5)
        for leg in route(
            (0, 60 + 120 * n, 250 + 100 * (n % 3)), (40, 200 + 120 * n, 250 + 100 * (n % 3)), (50, 2800, 300)
        )
    ]
    found = suspected(flows, camera(ROAD, congestion=SHORT), 55)
    assert [(fact.rule, fact.phase) for fact in found] == [("congestion", "begun"), ("congestion", "ended")]
    assert found[0].measures["speed_mean_mps"] < 1
    assert found[0].measures["vehicles"] == 5


def test_traffic_that_flows_or_is_sparse_is_no_congestion() -> None:
    stream = [Mover(-100 - 250 * n, 250 + 100 * (n % 3), vx=220) for n in range(40)]
    assert suspected(stream, camera(ROAD, congestion=SHORT), 40) == []
    assert suspected(jam(2, count=3), camera(ROAD, congestion=SHORT), 40) == []


def test_a_queue_at_a_light_is_no_congestion() -> None:
    places = [(60 + 120 * n, 250 + 100 * (n % 3)) for n in range(6)]
    queue = [leg for x, y in places for leg in route((0, x, y), (60, x, y), (66, x + 1300, y))]
    again = [leg for x, y in places for leg in route((66, x - 900, y), (70, x, y), (130, x, y), (136, x + 1300, y))]
    assert suspected([*queue, *again], camera(ROAD), 140, fps=2) == []


# pedestrian on the carriageway


def test_somebody_who_walks_on_the_road_is_suspected() -> None:
    found = suspected([Mover(100, 400, vx=WALK, **PERSON)], camera(ROAD), 12)
    assert [(fact.rule, fact.phase, fact.measures["people"]) for fact in found] == [
        ("pedestrian_on_carriageway", "begun", 1)
    ]


def test_somebody_on_a_crossing_is_where_they_may_be() -> None:
    zebra = Zone(zone_id="zebra", polygon=((500, 0), (700, 0), (700, 720), (500, 720)), use="footway")
    assert suspected([Mover(600, 100, vy=WALK, **PERSON)], camera(ROAD, zebra), 8) == []


def test_a_foot_over_the_kerb_a_rider_and_a_passenger_are_no_pedestrians() -> None:
    lane = ROAD.model_copy(update={"polygon": ((0, 300), (1280, 300), (1280, 720), (0, 720))})
    step = route((0, 100, 230), (3, 300, 250), (4, 370, 275), (5, 440, 250), (9, 700, 230), **PERSON)
    assert suspected(step, camera(lane), 9) == []
    assert suspected([Mover(20, 400, vx=300, **PERSON)], camera(ROAD), 4) == []
    in_car = [Mover(100, 400, vx=60, width=150, height=90), Mover(100, 400, vx=60, label="person", width=20, height=40)]
    assert suspected(in_car, camera(ROAD), 12) == []


def test_what_never_moved_is_nobody() -> None:
    assert suspected([Mover(100, 400, **PERSON)], camera(ROAD), 30) == []


# collision

STRIKES = route((0, 100, 400), (3, 600, 400), (30, 600, 400))
STRUCK = route((0, 680, 30), (3, 680, 370), (30, 680, 370))


def test_two_that_cross_and_stop_at_once_may_have_collided() -> None:
    found = suspected([*STRIKES, *STRUCK], camera(ROAD), 12)
    assert [(fact.rule, fact.phase) for fact in found] == [("collision_suspected", "begun")]
    assert len(found[0].track_ids) == 2
    assert (found[0].start - START).total_seconds() == pytest.approx(3.5, abs=0.7)


def test_who_brakes_gently_follows_or_passes_has_not_collided() -> None:
    gentle = route((0, 100, 400), (2, 430, 400), (3, 530, 400), (4, 580, 400), (5, 600, 400), (30, 600, 400))
    other = route((0, 680, 30), (2, 680, 250), (3, 680, 320), (4, 680, 355), (5, 680, 370), (30, 680, 370))
    assert suspected([*gentle, *other], camera(ROAD), 12) == []
    behind = route((0, 0, 400), (3, 510, 400), (30, 510, 400))
    assert suspected([*STRIKES, *behind], camera(ROAD), 12) == []
    passing = [Mover(100, 400, vx=200), Mover(680, 30, vy=110)]
    assert suspected(passing, camera(ROAD), 6) == []


def test_a_hard_stop_before_somebody_who_walks_on_is_no_collision() -> None:
    walks_on = route((0, 680, 150), (10, 680, 700), **PERSON)
    zebra = Zone(zone_id="zebra", polygon=((560, 0), (1280, 0), (1280, 720), (560, 720)), use="footway")
    assert suspected([*STRIKES, *walks_on], camera(ROAD, zebra), 12) == []


# crowd

METRES = GroundPlane(
    picture=((0, 0), (1280, 0), (1280, 720), (0, 720)), metres=((0, 7.2), (12.8, 7.2), (12.8, 0), (0, 0))
)
"""A hundred pixels a metre."""


def crowd(apart: float, count: int = 48) -> list[Mover]:
    return [Mover(300 + apart * (n % 8), 300 + apart * (n // 8), **PERSON) for n in range(count)]


def on_ground(*zones: Zone, **parameters: Any) -> Profile:
    return camera(*zones, **parameters).model_copy(update={"ground": METRES})


def test_people_who_stand_shoulder_to_shoulder_are_at_risk() -> None:
    found = suspected(crowd(40), on_ground(SQUARE), 15)
    assert [(fact.rule, fact.phase) for fact in found] == [("crowd_crush_risk", "begun")]
    assert found[0].measures["density_max_per_m2"] == pytest.approx(6, abs=0.8)


def test_a_crowd_with_room_a_few_friends_and_a_camera_without_ground_are_no_risk() -> None:
    assert suspected(crowd(60), on_ground(SQUARE), 15) == []
    assert suspected(crowd(40, count=9), on_ground(SQUARE), 15) == []
    assert suspected(crowd(40), camera(SQUARE), 15) == []


def test_a_crowd_that_is_dense_for_a_moment_is_no_risk() -> None:
    squeezed = [
        mover
        for n in range(48)
        for mover in route(
            (0, 100 + 90 * (n % 8), 100 + 90 * (n // 8)),
            (6, 300 + 40 * (n % 8), 300 + 40 * (n // 8)),
            (9, 300 + 40 * (n % 8), 300 + 40 * (n // 8)),
            (15, 300 + 90 * (n % 8), 100 + 90 * (n // 8)),
            **PERSON,
        )
    ]
    assert suspected(squeezed, on_ground(SQUARE), 15) == []


# sudden run


def runners(count: int, speed: float = 220.0) -> list[Mover]:
    """People who walk for five seconds and, within half a second, run."""
    return [
        leg
        for n in range(count)
        for leg in route(
            (0, 60, 60 + 120 * n),
            (5, 360, 60 + 120 * n),
            (5.5, 360 + 0.25 * (60 + speed), 60 + 120 * n),
            (9.5, 360 + 0.25 * (60 + speed) + 4 * speed, 60 + 120 * n),
            **PERSON,
        )
    ]


@pytest.mark.parametrize("fps", [5.0, 10.0])
def test_people_who_walk_and_then_run_are_suspected(fps: float) -> None:
    found = suspected(runners(5), camera(SQUARE), 9, fps)
    assert [(fact.rule, fact.phase) for fact in found] == [("sudden_run", "begun")]
    assert found[0].measures["people"] >= 3
    assert found[0].measures["speed_mean_mps"] > 3


def test_two_who_run_those_who_come_running_and_those_who_hurry_are_none() -> None:
    assert suspected(runners(2), camera(SQUARE), 9) == []
    joggers = [Mover(20, 60 + 120 * n, vx=220, **PERSON) for n in range(5)]
    assert suspected(joggers, camera(SQUARE), 5) == []
    assert suspected(runners(5, speed=110), camera(SQUARE), 9) == []


def test_a_few_who_run_through_a_calm_crowd_are_none() -> None:
    calm = [Mover(80 + 140 * n, 650, vx=10, **PERSON) for n in range(8)]
    assert suspected([*runners(3), *calm], camera(SQUARE), 9) == []


# zone outside hours

NIGHT = Zone(
    zone_id="depot",
    polygon=((400, 0), (1280, 0), (1280, 720), (400, 720)),
    use="restricted",
    closed=(Hours(start="17:00", end="06:00"),),
)
ENTERS = [Mover(250, 400, vx=WALK, **PERSON)]


def test_whoever_enters_a_closed_zone_is_suspected() -> None:
    found = suspected(ENTERS, camera(NIGHT), 10)  # 10:45 in UTC is 17:45 in the city
    assert [(fact.rule, fact.phase, fact.zone_id) for fact in found] == [
        ("zone_entered_outside_hours", "begun", "depot")
    ]


def test_an_open_zone_a_passer_by_and_what_stood_there_all_along_are_none() -> None:
    by_day = NIGHT.model_copy(update={"closed": (Hours(start="18:00", end="06:00"),)})
    assert suspected(ENTERS, camera(by_day), 10) == []
    assert suspected([Mover(300, 100, vy=WALK, **PERSON)], camera(NIGHT), 8) == []
    assert suspected([Mover(700, 400)], camera(NIGHT), 20) == []
    clips_the_corner = route((0, 330, 400), (1, 400, 400), (1.4, 415, 400), (3, 300, 400), **PERSON)
    assert suspected(clips_the_corner, camera(NIGHT), 3) == []


@pytest.mark.parametrize(
    ("utc", "closed"),
    [("09:59", False), ("10:00", True), ("16:59", True), ("17:01", True), ("22:59", True), ("23:00", False)],
)
def test_hours_are_the_city_s_own_and_go_past_midnight(utc: str, closed: bool) -> None:
    hour, minute = map(int, utc.split(":"))
    assert is_closed(NIGHT, datetime(2026, 11, 24, hour, minute, tzinfo=UTC)) is closed


# object left behind

BROUGHT = route((0, 30, 400), (4, 600, 400), (200, 600, 400), label="motorcycle", width=50, height=60)
STAYS = route((0, 60, 400), (4, 640, 400), (200, 640, 400), **PERSON)
LEAVES = route((0, 60, 400), (4, 640, 400), (6, 640, 400), (14, 640, 20), **PERSON)
YARD = Zone(zone_id="yard", polygon=WHOLE, use="restricted")


def test_what_was_brought_and_stands_alone_is_left_behind() -> None:
    found = suspected([*BROUGHT, *LEAVES], camera(YARD, object_left_behind={"hold_s": 30}), 60)
    assert [(fact.rule, fact.phase) for fact in found] == [("object_left_behind", "begun")]


def test_what_is_attended_was_always_there_or_stands_where_things_are_parked_is_not() -> None:
    short = {"hold_s": 30}
    assert suspected([*BROUGHT, *STAYS], camera(YARD, object_left_behind=short), 60) == []
    assert suspected([Mover(600, 400, label="motorcycle")], camera(YARD, object_left_behind=short), 60) == []
    assert suspected([*BROUGHT, *LEAVES], camera(SQUARE, object_left_behind=short), 60) == []


# all of them


def test_every_rule_has_its_parameters_and_none_announces_from_less_than_three_frames() -> None:
    assert [rule.name for rule in RULES] == list(type(INCIDENTS.parameters).model_fields)
    assert all(rule.parameters.frames_min >= 3 for rule in RULES)
    assert all(rule.lowest_fps >= 1 for rule in RULES)


@pytest.mark.parametrize("seed", range(3))
def test_a_detector_that_trembles_and_misses_boxes_suspects_nothing_on_a_quiet_street(seed: int) -> None:
    pavement = Zone(zone_id="pavement", polygon=((0, 500), (1280, 500), (1280, 720), (0, 720)), use="footway")
    lane = ONE_WAY.model_copy(update={"polygon": ((0, 0), (1280, 0), (1280, 500), (0, 500))})
    street = [
        *route((0, 50, 300), (4, 600, 300), (64, 600, 300), (70, 1270, 300)),
        *[Mover(-30, 200, vx=200, since_s=5 * n, **RIDER) for n in range(10)],
        *[Mover(40, 620, vx=60, since_s=9 * n, **PERSON) for n in range(6)],
        Mover(900, 600, **PERSON),
    ]
    assert suspected(trembling(street, 75, seed=seed), camera(lane, pavement), 75) == []


def test_a_view_that_is_not_clear_makes_less_certain_and_below_the_floor_silent() -> None:
    sure = [
        next((fact.confidence for fact in suspected(STOPS, camera(FORBIDDEN), 20, clarity=clarity)), 0.0)
        for clarity in (1.0, 0.8, 0.6, 0.4, 0.2)
    ]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] == pytest.approx(0.9)
    assert sure[2] == pytest.approx(0.54)
    assert sure[3:] == [0, 0]


@pytest.mark.parametrize("condition", ["black", "covered", "frozen", "moved"])
def test_a_view_that_cannot_be_trusted_suspects_nothing(condition: str) -> None:
    assert suspected(STOPS, camera(FORBIDDEN), 20, conditions=(condition,)) == []


def test_after_its_end_the_same_incident_is_not_announced_again_for_a_while() -> None:
    comes_and_goes = [
        (at_s, boxes if at_s < 20 or 40 <= at_s < 60 or at_s >= 140 else ())
        for at_s, boxes in instants([Mover(500, 400)], seconds=170)
    ]
    begun = [fact for fact in suspected(comes_and_goes, camera(FORBIDDEN), 170) if fact.phase == "begun"]
    assert [(fact.start - START).total_seconds() > 100 for fact in begun] == [False, True]
    assert len({fact.incident_id for fact in begun}) == 2


def test_parameters_are_the_camera_s_own() -> None:
    patient = camera(FORBIDDEN, stopped_vehicle={"no_stopping_s": 60})
    assert suspected(STOPS, patient, 20) == []


EVENTS = [*STOPS, *route((0, 1250, 150), (6, 20, 150), **RIDER), *[m for m in runners(4) if m.label == "person"]]
EVERYTHING = camera(
    Zone(zone_id="all", polygon=WHOLE, use="no_stopping", heading=EAST, closed=(Hours(start="17:00", end="06:00"),)),
    SQUARE,
    stopped_vehicle={"no_stopping_s": 3, "release_s": 2},
    pedestrian_on_carriageway={"hold_s": 1, "release_s": 1},
    zone_entered_outside_hours={"hold_s": 1, "release_s": 1},
)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), borders=st.lists(st.integers(1, 69).map(lambda frame: frame / 5), max_size=6))
def test_whole_or_in_pieces_the_incidents_are_the_same(seed: int, borders: list[float]) -> None:
    seen = trembling(EVENTS, 14, seed=seed)
    whole, state = judged(clip_of(seen), EVERYTHING), EMPTY
    told: list[Any] = []
    for piece in cut(seen, borders):
        part = judged(piece, EVERYTHING, state)
        state = part.state
        told += part.facts
    assert [_said(fact) for fact in told] == [_said(fact) for fact in whole.facts]
    assert whole.facts
    assert state == whole.state


def _said(fact: Any) -> tuple[Any, ...]:
    return fact.about, fact.rule, fact.start, fact.end, fact.confidence, fact.track_ids, fact.measures


def test_what_is_remembered_stays_small() -> None:
    many = [
        Mover(9 + 21 * (n % 60), 40 + 60 * (n // 60), vx=5 * (n % 7), label="motorcycle", width=18) for n in range(600)
    ]
    profile = camera(FORBIDDEN, stopped_vehicle={"no_stopping_s": 2, "not_seen_coming": 1})
    memory = judged(clip_of(instants(many, seconds=8)), profile).state.memory["incident"]
    assert isinstance(memory, dict)
    cases, paths = memory["cases"], memory["paths"]
    assert isinstance(cases, dict)
    assert isinstance(paths, dict)
    assert all(len(known) <= 24 for known in cases.values() if isinstance(known, list))
    assert len(paths) <= 400
