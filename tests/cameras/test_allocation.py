"""Which cameras are analysed: the best that capacity and budget bear, explained, and without flapping."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicam.cameras.allocation import Allocation, Budget, Candidate, Request, Why, allocate, changes
from civicam.cameras.calendar import Occasion, holidays, weight_at

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
        wanted=st.booleans(),
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
    assert all(candidate.sees and candidate.wanted for candidate in chosen)
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
