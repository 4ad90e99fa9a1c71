"""The plan of a minute for all cameras: limits, fairness, shedding, and a slow host that nobody else waits for."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicam.cameras.circuit import Circuit
from civicam.cameras.errands import ERRAND_SECONDS, Errand
from civicam.cameras.planning import ERRAND_PULLS, Limit, Memory, PullLimits, Room, Situation, host_of, plan_minute
from civicam.cameras.pulls import MINUTE, plan
from civicam.contracts.cameras import Camera, HttpSource
from infra.settings import ENVIRONMENTS
from tests.cameras.conftest import camera
from tests.fakes.pulling_in_virtual_time import VirtualPulling

pytestmark = pytest.mark.unit
AT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
WIDE = Limit(at_once=1000, per_minute=100_000)
FREE = PullLimits(city_per_minute=100_000, host=WIDE, owner=WIDE)
Priority = Literal["low", "normal", "high"]


def standing(
    number: int,
    *,
    host: str | None = None,
    priority: Priority = "normal",
    owner: str = "transport",
    kind: Literal["http_clip", "http_picture"] = "http_picture",
    interval: int = 60,
) -> Camera:
    """A camera at a host of its own, unless it shares one."""
    source = HttpSource(
        kind=kind, url=f"http://{host or f'camera-{number}.example'}/{number}", interval_seconds=interval
    )
    one = camera(f"01JZ{number:022d}", source=source)
    profile = one.profile.model_copy(update={"priority": priority})
    return one.model_copy(update={"profile": profile, "owner_id": owner})


def reads(errands: Iterable[Errand]) -> list[str]:
    """The cameras that are read, once a read."""
    return [pull.camera_id for errand in errands for pull in errand.pulls if pull.action != "close"]


class TestErrands:
    def test_everything_that_a_camera_alone_would_have_is_in_them_and_nothing_twice(self) -> None:
        cameras = [standing(number, host=f"host-{number % 7}", interval=12) for number in range(50)]
        planned = plan_minute(cameras, AT, Situation(FREE))
        pulls = [pull for errand in planned.errands for pull in errand.pulls]
        assert sorted(pulls, key=str) == sorted((pull for one in cameras for pull in plan(one, AT)), key=str)
        assert planned.shed == ()

    def test_an_errand_is_of_one_host_and_owner_small_and_in_order(self) -> None:
        cameras = [standing(n, host=f"host-{n % 3}", owner=f"owner-{n % 2}", interval=12) for n in range(300)]
        of = {one.camera_id: one for one in cameras}
        for errand in plan_minute(cameras, AT, Situation(FREE)).errands:
            assert len(errand.pulls) <= ERRAND_PULLS
            assert [pull.at for pull in errand.pulls] == sorted(pull.at for pull in errand.pulls)
            if errand.pulls[0].action != "close":
                told = {(host_of(of[pull.camera_id].source.url), of[pull.camera_id].owner_id) for pull in errand.pulls}  # type: ignore[union-attr]
                assert len(told) == 1
                assert (errand.pulls[-1].at - errand.pulls[0].at).total_seconds() < 5

    def test_a_camera_at_a_host_of_its_own_needs_no_turn_and_a_crowded_host_does(self) -> None:
        alone = plan_minute([standing(1)], AT, Situation(PullLimits()))
        assert [errand.turns for errand in alone.errands] == [(), ()]
        crowd = [standing(number, host="nvr.example") for number in range(100)]
        turns = {
            turn.name: turn.slots
            for errand in plan_minute(crowd, AT, Situation(PullLimits())).errands
            for turn in errand.turns
        }
        assert turns["host/nvr.example"] == 2
        assert turns["owner/transport"] == 10

    def test_ports_of_one_host_and_capitals_are_one_host(self) -> None:
        assert host_of("http://NVR.example:8081/a") == host_of("https://nvr.example/b") == "nvr.example"

    def test_a_clip_is_worth_another_try_and_a_picture_is_not(self) -> None:
        for kind, keeps in (("http_clip", True), ("http_picture", False)):
            planned = plan_minute([standing(1, kind=kind)], AT, Situation(FREE))  # type: ignore[arg-type]
            assert planned.errands[0].keeps is keeps


class TestWatched:
    def test_a_camera_that_is_not_analysed_is_looked_at_once_a_minute_and_makes_no_footage(self) -> None:
        one = standing(1, interval=12)
        for number in range(10):
            planned = plan_minute([one], AT + number * MINUTE, Situation(FREE, watched=frozenset({one.camera_id})))
            assert [(pull.action, errand.keeps) for errand in planned.errands for pull in errand.pulls] == [
                ("look", False)
            ]

    def test_a_source_slower_than_that_is_looked_at_no_oftener(self) -> None:
        one = standing(1, interval=300)
        situation = Situation(FREE, watched=frozenset({one.camera_id}))
        looks = [reads(plan_minute([one], AT + number * MINUTE, situation).errands) for number in range(20)]
        assert sum(map(len, looks)) == 4


class TestCircuits:
    def test_an_open_one_is_left_alone_and_a_half_open_one_tried_once(self) -> None:
        one = standing(1, interval=12)

        def tried(until: datetime) -> list[str]:
            circuits = {one.camera_id: Circuit(failures=3, until=until)}
            planned = plan_minute([one], AT, Situation(FREE, circuits=circuits))
            assert all(errand.circuits == circuits for errand in planned.errands)
            return reads(planned.errands)

        assert tried(AT + 2 * MINUTE) == []
        assert tried(AT + timedelta(seconds=20)) == tried(AT - MINUTE) == [one.camera_id]

    def test_one_that_only_begins_to_fail_is_read_as_ever(self) -> None:
        one = standing(1, interval=12)
        planned = plan_minute([one], AT, Situation(FREE, circuits={one.camera_id: Circuit(failures=2)}))
        assert len(reads(planned.errands)) == 5


class TestShedding:
    def test_the_lowest_priority_goes_first_and_the_plan_says_so(self) -> None:
        ranks: Sequence[Priority] = ("low", "normal", "high")
        cameras = [standing(number, priority=ranks[number % 3]) for number in range(300)]
        planned = plan_minute(cameras, AT, Situation(FREE.model_copy(update={"city_per_minute": 150})))
        shed = Counter((one.camera.profile.priority, one.by) for one in planned.shed)
        assert shed == {("low", "city"): 100, ("normal", "city"): 50}
        assert len(reads(planned.errands)) == 150

    def test_footage_goes_before_health_within_a_priority(self) -> None:
        cameras = [standing(number) for number in range(20)]
        watched = frozenset(one.camera_id for one in cameras[:10])
        limits = FREE.model_copy(update={"city_per_minute": 10})
        planned = plan_minute(cameras, AT, Situation(limits, watched=watched))
        assert watched.isdisjoint(reads(planned.errands))

    @pytest.mark.parametrize("limiter", ["host", "owner"])
    def test_a_limit_a_minute_holds_for_a_host_and_for_an_owner_and_not_for_the_others(self, limiter: str) -> None:
        tight = {"nvr.example": Limit(at_once=1, per_minute=7)} if limiter == "host" else {}
        owners = {"school": Limit(at_once=1, per_minute=7)} if limiter == "owner" else {}
        limits = FREE.model_copy(update={"hosts": tight, "owners": owners})
        many = [standing(number, host="nvr.example", owner="school") for number in range(20)]
        planned = plan_minute([*many, standing(99)], AT, Situation(limits))
        assert {one.by for one in planned.shed} == {limiter}
        assert Counter(reads(planned.errands))[standing(99).camera_id] == 1
        assert len(reads(planned.errands)) == 8

    def test_the_room_of_a_minute_follows_what_workers_really_did(self) -> None:
        limits = PullLimits(workers=4, city_per_minute=100)
        last = Room(room=100, planned=80)
        assert [limits.room(last, backlog) for backlog in (0, 4, 5, 30, 79, 500)] == [100, 100, 68, 45, 4, 4]
        assert limits.room(Room(room=50, planned=50), 0) == 55

    @settings(max_examples=30, deadline=None)
    @given(st.integers(1, 60), st.integers(1, 20), st.sampled_from([12, 30, 60]))
    def test_under_any_limit_every_camera_of_a_priority_has_its_turn(self, n: int, quota: int, interval: int) -> None:
        cameras = [standing(number, host="nvr.example", interval=interval) for number in range(n)]
        limits = FREE.model_copy(update={"hosts": {"nvr.example": Limit(at_once=1, per_minute=quota)}})
        memory = Memory()
        rounds = math.ceil(n * (60 // interval) / quota) + 1
        unread = {one.camera_id for one in cameras}
        for number in range(rounds):
            planned = plan_minute(cameras, AT + number * MINUTE, Situation(limits, memory=memory))
            memory = planned.memory
            assert len(reads(planned.errands)) <= quota
            unread -= set(reads(planned.errands))
        assert unread == set()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 4), st.integers(0, 2), st.sampled_from(["low", "normal", "high"]), st.integers(10, 600)
        ),
        max_size=40,
    ),
    st.integers(1, 60),
    st.integers(1, 20),
    st.integers(1, 30),
)
def test_no_limit_is_ever_passed_and_nothing_disappears_unsaid(
    drawn: list[tuple[int, int, Priority, int]], city: int, host: int, owner: int
) -> None:
    cameras = [
        standing(number, host=f"h{at}", owner=f"o{of}", priority=rank, interval=interval)
        for number, (at, of, rank, interval) in enumerate(drawn)
    ]
    limits = PullLimits(
        city_per_minute=city, host=Limit(at_once=1, per_minute=host), owner=Limit(at_once=1, per_minute=owner)
    )
    planned = plan_minute(cameras, AT, Situation(limits))
    of = {one.camera_id: one for one in cameras}
    done = reads(planned.errands)
    assert len(done) <= city
    assert all(number <= host for number in Counter(host_of(of[one].source.url) for one in done).values())  # type: ignore[union-attr]
    assert all(number <= owner for number in Counter(of[one].owner_id for one in done).values())
    asked = sum(pull.action == "read" for one in cameras for pull in plan(one, AT))
    assert len(done) + sum(one.pulls for one in planned.shed) == asked
    if planned.shed:
        assert set(planned.memory.waited) == {one.camera.camera_id for one in planned.shed} - set(done)


class TestNobodyWaitsForASlowHost:
    """200 cameras of one recorder that answers slowly, or never, beside 100 that stand alone; 6 workers."""

    LIMITS = PullLimits(workers=6, city_per_minute=1200, host=Limit(at_once=2, per_minute=300))
    CAMERAS = (
        *(standing(number, host="slow.example", owner="mall") for number in range(200)),
        *(standing(number) for number in range(200, 300)),
    )

    def city(self, slow: float | None) -> VirtualPulling:
        city = VirtualPulling(self.CAMERAS, self.LIMITS, lambda host, _: slow if host == "slow.example" else 0.5, AT)
        city.run(12)
        return city

    @pytest.mark.parametrize("slow", [3.0, 15.0, None])
    def test_the_others_are_read_every_minute_and_in_time(self, slow: float | None) -> None:
        city = self.city(slow)
        others = [one for one in city.readings if one.host != "slow.example"]
        assert len(others) == 100 * 12
        assert max(one.late_s for one in others) < 6

    @pytest.mark.parametrize("slow", [3.0, 15.0, None])
    def test_the_slow_host_is_never_asked_by_more_than_it_may_and_no_errand_lasts(self, slow: float | None) -> None:
        slow_ones = [one for one in self.city(slow).readings if one.host == "slow.example"]
        moments = sorted([(one.start, 1) for one in slow_ones] + [(one.end, -1) for one in slow_ones])
        held, most = 0, 0
        for _, step in moments:
            held += step
            most = max(most, held)
        assert most == 2
        assert max((one.end - one.start).total_seconds() for one in slow_ones) < ERRAND_SECONDS

    def test_a_host_that_is_slow_and_works_is_read_as_fast_as_it_can(self) -> None:
        slow_ones = [one for one in self.city(3.0).readings if one.host == "slow.example"]
        assert len(slow_ones) > 0.6 * 12 * 60 / 3.0 * 2

    def test_a_host_that_never_answers_is_soon_left_alone(self) -> None:
        city = self.city(None)
        by_minute = Counter((one.start - AT) // MINUTE for one in city.readings if one.host == "slow.example")
        assert max(by_minute.values()) <= 7
        assert sum(by_minute[minute] for minute in range(4, 12)) <= 8
        assert max(planned.paused for planned in city.plans[5:]) == 200

    def test_a_dead_camera_or_two_of_a_recorder_leave_the_others_of_it_alone(self) -> None:
        cameras = [standing(number, host="nvr.example") for number in range(60)]
        dead = {cameras[number].camera_id for number in (3, 4, 5)}
        city = VirtualPulling(cameras, self.LIMITS, lambda *_: 0.5, AT, dead=frozenset(dead))
        city.run(20)
        done = Counter(one.camera_id for one in city.readings)
        assert min(done[one.camera_id] for one in cameras if one.camera_id not in dead) >= 15
        assert max(done[one] for one in dead) <= 8

    def test_a_recorder_that_comes_back_is_read_again_within_the_longest_pause(self) -> None:
        back = AT + 8 * MINUTE
        cameras = [standing(number) for number in range(20)]
        city = VirtualPulling(cameras, self.LIMITS, lambda _, at: 0.5 if at >= back else None, AT)
        city.run(25)
        seen = {one.camera_id: one.start for one in reversed(city.readings) if one.start >= back}
        assert len(seen) == 20
        assert max(seen.values()) <= back + timedelta(minutes=11)
        assert city.circuits == {}


class TestOverload:
    def test_workers_that_are_too_few_serve_the_high_priorities_and_shed_the_low_ones(self) -> None:
        cameras = [standing(n, priority="high" if n < 20 else "low") for n in range(200)]
        limits = PullLimits(workers=2, city_per_minute=300)
        city = VirtualPulling(cameras, limits, lambda *_: 2.0, AT)
        city.run(30)
        high = {one.camera_id for one in cameras[:20]}
        done = Counter(one.camera_id for one in city.readings if one.start >= AT + 5 * MINUTE)
        assert min(done[one] for one in high) >= 0.6 * 25
        shed = Counter(one.camera.profile.priority for planned in city.plans for one in planned.shed)
        assert shed["high"] == 0
        assert shed["low"] > 0

    def test_a_backlog_is_never_older_than_a_minute_or_two(self) -> None:
        cameras = [standing(number) for number in range(200)]
        city = VirtualPulling(cameras, PullLimits(workers=2, city_per_minute=300), lambda *_: 2.0, AT)
        city.run(30)
        assert max(one.late_s for one in city.readings) <= 60
        assert city.dropped > 0


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_no_host_and_no_owner_may_hold_all_workers_but_the_laptops_own(name: str) -> None:
    limits = ENVIRONMENTS[name].pull_limits
    assert limits.host.at_once < limits.workers
    if name != "laptop":
        assert limits.owner.at_once < limits.workers
        assert limits.hosts == {}


@pytest.mark.parametrize(("cameras", "most"), [(1_000, 1_000), (10_000, 10_000)])
def test_a_minute_of_health_costs_a_message_a_host_or_less(cameras: int, most: int) -> None:
    alone = [standing(number) for number in range(cameras)]
    watched = frozenset(one.camera_id for one in alone)
    limits = FREE
    spread = plan_minute(alone, AT, Situation(limits, watched=watched))
    assert len(spread.errands) == most
    recorders = [standing(number, host=f"nvr-{number % (cameras // 100)}.example") for number in range(cameras)]
    packed = plan_minute(recorders, AT, Situation(limits, watched=watched))
    assert len(packed.errands) <= cameras // 5
    assert packed.pulls == spread.pulls == cameras
