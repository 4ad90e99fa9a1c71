"""Which cameras are analysed: the best that capacity and budget bear, explained, and without flapping."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicam.cameras.allocation import Allocation, Candidate, allocate, analysed_in, changes, fact_of
from civicam.cameras.calendar import Occasion, holidays, weight_at
from civicam.cameras.candidates import candidate
from civicam.cameras.coverage import Stretch
from civicam.cameras.health import Health
from civicam.contracts.allocation import Budget, Request, Why
from civicam.contracts.cameras import Profile
from civicam.contracts.schedule import Shift
from civicam.contracts.sources import CitizenSource
from tests.cameras.conftest import camera, pulled

pytestmark = pytest.mark.unit
AT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
NOTHING = Allocation(since=AT)


def one(number: int, **known: Any) -> Candidate:
    return Candidate(camera_id=f"01JZ{number:022d}", **known)


CITY = st.lists(
    st.builds(
        one,
        st.integers(0, 60),
        promised=st.booleans(),
        priority=st.sampled_from(["low", "normal", "high"]),
        risk=st.integers(0, 3),
        occasion=st.integers(0, 3),
        sees=st.booleans(),
        usd_per_hour=st.floats(0, 0.05),
    ),
    max_size=40,
    unique_by=lambda candidate: candidate.camera_id,
)
BUDGETS = st.builds(Budget, cameras=st.integers(0, 20), usd_per_hour=st.none() | st.floats(0, 0.5))


def why(candidates: list[Candidate], budget: Budget, standing: Allocation = NOTHING) -> list[Why]:
    verdicts = allocate(candidates, budget, standing, AT).verdicts
    return [verdicts[candidate.camera_id].why for candidate in candidates]


def test_a_promise_goes_before_a_request_before_an_occasion_and_the_rest_is_told_why_not() -> None:
    request = Request(until=AT + timedelta(hours=1), by="operator")
    candidates = [
        one(1, priority="high"),
        one(2, occasion=3),
        one(3, request=request, priority="low"),
        one(4, promised=True),
    ]
    assert why(candidates, Budget(cameras=3)) == [Why.RANK, Why.CAPACITY, Why.REQUESTED, Why.PROMISED]
    assert why(candidates, Budget(cameras=1)) == [Why.CAPACITY] * 3 + [Why.PROMISED]


def test_a_request_ends() -> None:
    ended = one(1, request=Request(until=AT, by="operator"), priority="low")
    assert why([ended, one(2)], Budget(cameras=1)) == [Why.CAPACITY, Why.RANK]


def test_a_blind_camera_takes_nobodys_place_even_if_promised() -> None:
    assert why([one(1, promised=True, sees=False), one(2)], Budget(cameras=1)) == [Why.BLIND, Why.RANK]


def test_where_a_place_is_left_a_blind_camera_has_it_so_that_its_return_is_seen() -> None:
    assert why([one(1, promised=True, sees=False), one(2)], Budget(cameras=2)) == [Why.PROMISED, Why.RANK]


def test_since_when_is_kept_while_the_answer_is_the_same() -> None:
    first = allocate([one(1), one(2)], Budget(cameras=1), NOTHING, AT)
    later = allocate([one(1), one(2), one(3, promised=True)], Budget(cameras=2), first, AT + timedelta(hours=1))
    assert [later.verdicts[one(number).camera_id].since for number in (1, 2)] == [AT, AT]
    assert later.verdicts[one(3).camera_id].since == AT + timedelta(hours=1)


def test_a_change_is_the_same_fact_whoever_tells_it() -> None:
    after = allocate([one(1), one(2)], Budget(cameras=1), NOTHING, AT)
    ((camera_id, verdict),) = changes(NOTHING, after).items()
    told = fact_of(camera_id, verdict, after.version)
    assert (told.analysed, told.why, told.since) == (False, Why.CAPACITY, AT)
    assert told == fact_of(camera_id, verdict, after.version)
    assert told.fact_id != fact_of(camera_id, verdict, 2).fact_id


class TestCandidates:
    def test_what_the_registry_and_the_watch_know_is_what_counts(self) -> None:
        chosen = camera().model_copy(update={"profile": Profile(promised=True, risk=2, priority="high")})
        dead = Health(state="dead", reasons=("silent",), since=AT)
        request = Request(until=AT + timedelta(hours=1), by="anna")
        found = candidate(chosen, dead, request, (), AT)
        assert found
        assert (found.promised, found.risk, found.priority, found.sees) == (True, 2, "high", False)
        assert found.request == request
        tet = candidate(chosen, None, None, (), datetime(2027, 2, 6, 5, tzinfo=UTC))
        assert tet
        assert (tet.occasion, tet.sees) == (2, True)

    @pytest.mark.parametrize(
        "update",
        [
            {"profile": Profile(analytics=())},
            {"profile": Profile(schedule=(Shift(days=("sunday",)),))},
            {"consent_until": AT},
            {"source": CitizenSource(kind="citizens")},
        ],
    )
    def test_a_camera_of_which_nothing_is_wanted_now_holds_no_place(self, update: dict[str, Any]) -> None:
        assert candidate(camera().model_copy(update=update), None, None, (), AT) is None

    def test_an_hour_costs_by_its_clips_and_its_looks(self) -> None:
        often = pulled("https://camera.example.org", interval_seconds=20)
        seldom = pulled("https://camera.example.org", interval_seconds=60)
        per_second = [one.model_copy(update={"profile": Profile(sampling_fps=1)}) for one in (often, seldom)]
        found = [candidate(one, None, None, (), AT) for one in per_second]
        usd = [one.usd_per_hour for one in found if one]
        assert usd[1] == pytest.approx(0.0067, abs=0.0001)
        assert usd[0] > usd[1]


@given(st.lists(st.tuples(st.integers(1, 90), st.booleans()), max_size=8), st.booleans())
def test_when_a_camera_was_analysed_follows_from_its_changes(told: list[tuple[int, bool]], standing: bool) -> None:
    period = Stretch(AT, AT + timedelta(minutes=60))
    minutes = sorted(dict(told).items())
    stretches = analysed_in([(AT + timedelta(minutes=m), analysed) for m, analysed in minutes], standing, period)
    for minute in range(60):
        before = [analysed for at, analysed in minutes if at <= minute]
        expected = before[-1] if before else (not minutes[0][1] if minutes else standing)
        moment = AT + timedelta(minutes=minute)
        assert expected == (stretches is None or any(one.start <= moment < one.end for one in stretches))


def test_what_the_budget_does_not_bear_is_passed_over_for_what_it_does() -> None:
    candidates = [one(1, risk=2, usd_per_hour=0.02), one(2, risk=1, usd_per_hour=0.02), one(3, usd_per_hour=0.01)]
    assert why(candidates, Budget(cameras=9, usd_per_hour=0.03)) == [Why.RANK, Why.BUDGET, Why.RANK]


def test_with_room_for_all_all_that_see_are_analysed() -> None:
    candidates = [one(number) for number in range(6)]
    assert allocate(candidates, Budget(cameras=50), NOTHING, AT).analysed == {c.camera_id for c in candidates}


def test_before_anything_was_chosen_every_camera_is_analysed() -> None:
    assert NOTHING.analyses(one(1).camera_id)
    assert list(changes(NOTHING, allocate([one(1), one(2)], Budget(cameras=1), NOTHING, AT))) == [one(2).camera_id]


def test_an_equal_newcomer_takes_nobodys_place_and_a_better_one_takes_the_worst() -> None:
    standing = allocate([one(5), one(6)], Budget(cameras=2), NOTHING, AT)
    assert allocate([one(1), one(5), one(6)], Budget(cameras=2), standing, AT).analysed == standing.analysed
    better = allocate([one(1, risk=1), one(5), one(6, risk=1)], Budget(cameras=2), standing, AT)
    assert better.analysed == {one(1).camera_id, one(6).camera_id}


@settings(deadline=None)
@given(CITY, BUDGETS, CITY)
def test_it_stays_within_its_bounds_and_a_second_run_changes_nothing(
    city: list[Candidate], budget: Budget, before: list[Candidate]
) -> None:
    standing = allocate(before, budget, NOTHING, AT)
    first = allocate(city, budget, standing, AT)
    chosen = [candidate for candidate in city if first.analyses(candidate.camera_id)]
    assert len(chosen) <= budget.cameras
    if budget.usd_per_hour is not None:
        assert sum(candidate.usd_per_hour for candidate in chosen) <= budget.usd_per_hour + 1e-6
    left = [one for one in city if not first.analyses(one.camera_id)]
    if budget.usd_per_hour is None and any(not one.sees for one in chosen):
        assert not [one for one in left if one.sees], "who sees goes before who does not"
    assert set(first.verdicts) == {candidate.camera_id for candidate in city}
    again = allocate(list(reversed(city)), budget, first, AT + timedelta(minutes=1))
    assert again.analysed == first.analysed
    assert changes(first, again) == {}


@settings(deadline=None)
@given(CITY, st.integers(0, 20), st.integers(0, 60))
def test_one_camera_more_displaces_one_at_most(city: list[Candidate], places: int, number: int) -> None:
    standing = allocate(city, Budget(cameras=places), NOTHING, AT)
    newcomer = one(100 + number, priority="high", risk=3)
    after = allocate([*city, newcomer], Budget(cameras=places), standing, AT)
    assert len(standing.analysed - after.analysed) <= 1


class TestCalendar:
    def test_tet_and_the_other_holidays_stand_where_they_fall(self) -> None:
        days = {occasion.name: occasion.first for occasion in holidays(2027)}
        assert days["tet"] == date(2027, 2, 4)
        assert days["hung-kings-day"] == date(2027, 4, 16)
        assert len(days) == 6
        assert "tet" not in {occasion.name for occasion in holidays(2035)}

    def test_a_day_is_the_citys_own(self) -> None:
        eve = datetime(2026, 9, 1, 17, 0, tzinfo=UTC)
        assert weight_at("ward-sai-gon", eve) == (1, "national-day")
        assert weight_at("ward-sai-gon", eve - timedelta(minutes=1)) == (0, "")

    def test_a_match_day_concerns_the_units_around_the_stadium(self) -> None:
        match = Occasion(name="match", first=AT.date(), last=AT.date(), units=("ward-hoa-hung",), weight=3)
        assert weight_at("ward-hoa-hung", AT, [match]) == (3, "match")
        assert weight_at("ward-sai-gon", AT, [match]) == (0, "")
