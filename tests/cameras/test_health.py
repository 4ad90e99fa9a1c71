"""A camera's health: it follows what is observed, in any order, and does not flap."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicam.cameras.health import (
    DEAD_INTERVALS,
    TICK,
    Expected,
    Health,
    Observation,
    assessed,
    looked_back,
    usual_length,
)

pytestmark = pytest.mark.unit
AT = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
FIRST = Health(since=AT)
OVER_TIME = settings(deadline=None, max_examples=25)
A_MINUTE = Expected(interval=timedelta(minutes=1), since=AT)


def clip(second: float, seconds: float = 10, late: float = 3, **told: Any) -> Observation:
    """A clip that began so many seconds after AT."""
    start = AT + timedelta(seconds=second)
    end = start + timedelta(seconds=seconds)
    known: dict[str, Any] = {"conditions": frozenset(), "kbps": 800.0, "offset_s": late} | told
    if isinstance(known["conditions"], str):
        known["conditions"] = frozenset(known["conditions"].split())
    return Observation(f"clip {second}", start, end, end + timedelta(seconds=late), **known)


def clips(count: int, first: float = 0, every: float = 10, **told: Any) -> list[Observation]:
    return [clip(first + every * number, every, **told) for number in range(count)]


def pictures(*minutes: float, **told: Any) -> list[Observation]:
    """What a camera delivers that nobody analyses: a picture a minute."""
    return [clip(60 * minute, 0, 0, kbps=None, offset_s=None, **told) for minute in minutes]


def at(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def ticked(
    observations: Iterable[Observation],
    *,
    until: float,
    start: float = 60,
    standing: Health = FIRST,
    expected: Expected = A_MINUTE,
) -> list[Health]:
    """What each minute's look found, from the first change on: only what had arrived by then was known."""
    told, found = list(observations), [standing]
    moment = at(start)
    while moment <= at(until):
        known = [one for one in told if one.arrived <= moment and one.start >= moment - looked_back(expected)]
        found.append(assessed(found[-1], known, expected, moment))
        moment += TICK
    return [one for before, one in itertools.pairwise(found) if not one.is_as(before)]


def states(found: Sequence[Health]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.state, one.reasons) for one in found]


class TestStates:
    def test_a_camera_that_delivers_is_healthy_and_nothing_more_is_said(self) -> None:
        assert states(ticked(clips(90), until=900)) == [("healthy", ())]

    def test_nothing_is_known_of_a_camera_that_has_not_had_the_time_to_deliver(self) -> None:
        assert assessed(FIRST, [], A_MINUTE, at(100)).state == "unknown"

    def test_a_camera_that_never_delivers_is_dead(self) -> None:
        (dead,) = ticked([], until=600)
        assert (dead.state, dead.reasons, dead.last_seen) == ("dead", ("silent",), None)

    @pytest.mark.parametrize("condition", ["black", "covered", "frozen"])
    def test_a_camera_that_shows_nothing_is_blind_and_why_is_told(self, condition: str) -> None:
        seen = [*clips(12), *clips(12, 120, conditions=condition), *clips(24, 240)]
        assert states(ticked(seen, until=480)) == [("healthy", ()), ("blind", (condition,)), ("healthy", ())]

    @pytest.mark.parametrize("condition", ["overexposed", "blurred", "moved"])
    def test_a_camera_that_sees_badly_is_degraded(self, condition: str) -> None:
        found = ticked([*clips(12), *clips(24, 120, conditions=f"rain {condition}")], until=360)
        assert states(found) == [("healthy", ()), ("degraded", (condition,))]

    def test_weather_and_night_are_no_faults(self) -> None:
        assert states(ticked(clips(60, conditions="dark rain shaking"), until=600)) == [("healthy", ())]

    def test_a_health_picture_a_minute_is_enough(self) -> None:
        seen = [*pictures(0, 1, 2, 3), *pictures(4, 5, 6, conditions="black"), *pictures(7, 8, 9, 10)]
        found = ticked(seen, until=780)
        assert states(found) == [("healthy", ()), ("blind", ("black",)), ("healthy", ()), ("dead", ("silent",))]

    def test_reasons_that_come_together_are_told_together(self) -> None:
        found = ticked(clips(30, conditions="blurred moved", late=-9), until=300)
        assert found[-1].reasons == ("blurred", "moved", "clock_drift")

    def test_footage_that_nobody_can_use_leaves_the_camera_blind(self) -> None:
        found = ticked(clips(30, usable=False, conditions=None), until=300)
        assert states(found) == [("healthy", ()), ("blind", ("unusable",))]

    def test_one_passing_lorry_is_nothing(self) -> None:
        seen = [*clips(12), *clips(2, 120, conditions="covered"), *clips(12, 140)]
        assert states(ticked(seen, until=260)) == [("healthy", ())]


class TestSilence:
    @OVER_TIME
    @given(dies=st.floats(0, 600), phase=st.floats(0, 59), every=st.sampled_from([10, 12, 30, 60]))
    def test_a_dead_camera_is_known_within_three_intervals_of_its_last_delivery(
        self, dies: float, phase: float, every: int
    ) -> None:
        seen = [one for one in clips(80, every=every, late=0) if one.end <= at(600 + dies)]
        found = ticked(seen, start=phase, until=1800)
        assert states(found) == [("healthy", ()), ("dead", ("silent",))]
        assert found[-1].since - seen[-1].arrived <= timedelta(minutes=3)
        assert found[-1].last_seen == seen[-1].end

    @OVER_TIME
    @given(every=st.sampled_from([300, 600, 3600]), lasted=st.integers(1, 6), phase=st.floats(0, 59))
    def test_so_is_one_that_is_seldom_read(self, every: int, lasted: int, phase: float) -> None:
        expected = Expected(interval=timedelta(seconds=every), since=AT)
        seen = pictures(*(every / 60 * number for number in range(lasted)))
        found = ticked(seen, start=phase, until=every * (lasted + 4), expected=expected)
        assert states(found) == [("healthy", ()), ("dead", ("silent",))]
        assert found[-1].since - seen[-1].arrived <= 3 * expected.interval

    def test_one_picture_that_is_lost_kills_no_camera(self) -> None:
        assert states(ticked(pictures(0, 1, 2, 4, 5, 6), until=400)) == [("healthy", ())]

    def test_it_is_back_once_it_delivers_as_it_should(self) -> None:
        found = ticked([*pictures(0, 1, 2), *pictures(10, 11, 12, 13, 14)], until=840)
        assert states(found) == [("healthy", ()), ("dead", ("silent",)), ("healthy", ())]

    def test_a_dead_camera_has_no_other_reasons(self) -> None:
        found = ticked(clips(18, conditions="black"), until=600)
        assert states(found)[1:] == [("blind", ("black",)), ("dead", ("silent",))]

    @OVER_TIME
    @given(st.lists(st.floats(3.01, 8), min_size=5, max_size=30))
    def test_a_camera_that_delivers_now_and_then_stays_dead(self, apart: list[float]) -> None:
        minutes = [sum(apart[:number]) for number in range(len(apart))]
        found = ticked(pictures(*minutes), until=60 * minutes[-1])
        assert [one.state for one in found][-1] == "dead"
        assert len(found) <= 2

    def test_the_minutes_that_it_was_dead_are_no_gaps_afterwards(self) -> None:
        found = ticked([*clips(30), *clips(60, 900)], until=1500)
        assert states(found) == [("healthy", ()), ("dead", ("silent",)), ("healthy", ())]


class TestGaps:
    def test_footage_that_comes_with_holes_is_degraded_until_it_is_whole_again(self) -> None:
        holes = [one for number, one in enumerate(clips(60)) if number % 2]
        expected = Expected(interval=timedelta(seconds=10), since=AT)
        found = ticked([*holes, *clips(120, 600)], until=1800, expected=expected)
        assert states(found) == [("healthy", ()), ("degraded", ("gaps",)), ("healthy", ())]

    def test_a_clip_that_is_missing_now_and_then_is_no_gap(self) -> None:
        seen = [one for number, one in enumerate(clips(90)) if number % 10]
        expected = Expected(interval=timedelta(seconds=10), since=AT)
        assert states(ticked(seen, until=900, expected=expected)) == [("healthy", ())]


class TestClockAndBitrate:
    def test_footage_that_comes_before_it_was_filmed_has_a_clock_that_runs_ahead(self) -> None:
        assert states(ticked(clips(24, late=-9), until=240))[-1] == ("degraded", ("clock_drift",))

    def test_footage_that_is_always_as_late_has_a_clock_that_runs_behind(self) -> None:
        assert states(ticked(clips(90, late=400), until=1200))[-1] == ("degraded", ("clock_drift",))

    def test_a_backlog_that_drains_is_no_wrong_clock(self) -> None:
        drained = [clip(10 * number, 10, 620 - 9 * number) for number in range(68)]
        found = ticked([*clips(30, -300), *drained, *clips(30, 680)], until=980)
        assert "clock_drift" not in {reason for one in found for reason in one.reasons}

    def test_a_time_that_nobody_states_is_no_clock(self) -> None:
        assert states(ticked(clips(24, offset_s=None), until=240)) == [("healthy", ())]

    def test_an_encoder_that_gives_a_twentieth_of_the_usual_is_told_until_it_is_usual(self) -> None:
        (_, degraded) = ticked([*clips(30), *clips(30, 300, kbps=40.0)], until=600)
        assert (degraded.state, degraded.reasons) == ("degraded", ("bitrate",))
        later = [*clips(60, 86_400, kbps=40.0)]
        found = ticked(later, start=86_700, until=86_940, standing=degraded)
        assert states(found) == [("healthy", ())]
        assert found[-1].usual_kbps == 40

    def test_a_night_in_which_little_moves_is_no_fault(self) -> None:
        assert states(ticked([*clips(30), *clips(60, 300, kbps=150.0)], until=900)) == [("healthy", ())]


VIEWS = st.sampled_from(["", "black", "frozen", "blurred", "moved", "black blurred"])


@st.composite
def histories(draw: st.DrawFn) -> list[Observation]:
    """Half an hour of a camera that does what it likes."""
    count = draw(st.integers(0, 40))
    found = []
    for number in range(count):
        conditions = draw(st.one_of(st.none(), VIEWS.map(lambda text: frozenset(text.split()))))
        late = draw(st.sampled_from([-30.0, -3.0, 0.5, 4.0, 90.0, 400.0]))
        second = 45 * number + draw(st.integers(0, 300))
        rates = draw(st.sampled_from([None, 20.0, 110.0, 800.0]))
        found.append(clip(second, 10, late, conditions=conditions, kbps=rates, usable=draw(st.booleans())))
    return found


STANDING = st.builds(
    Health,
    state=st.just("degraded"),
    reasons=st.lists(st.sampled_from(["black", "blurred", "gaps", "bitrate", "clock_drift", "silent"]), unique=True),
    since=st.just(AT),
    usual_kbps=st.sampled_from([None, 800.0]),
)


class TestNothingDependsOnChance:
    @settings(deadline=None)
    @given(seen=histories(), standing=STANDING, chance=st.randoms(use_true_random=False))
    def test_the_order_and_the_repetition_of_observations_do_not_change_the_end(
        self, seen: list[Observation], standing: Health, chance: Any
    ) -> None:
        again = [*seen, *chance.choices(seen, k=len(seen))] if seen else []
        chance.shuffle(again)
        assert assessed(standing, again, A_MINUTE, at(1900)) == assessed(standing, seen, A_MINUTE, at(1900))

    @settings(deadline=None)
    @given(seen=histories(), standing=STANDING)
    def test_looking_again_finds_the_same(self, seen: list[Observation], standing: Health) -> None:
        once = assessed(standing, seen, A_MINUTE, at(1900))
        assert assessed(once, seen, A_MINUTE, at(1900)).is_as(once)

    def test_a_clip_that_was_looked_at_meanwhile_counts_as_looked_at(self) -> None:
        stored, looked = clips(12, conditions=None), clips(12, conditions="black")
        told = assessed(FIRST, [*looked, *stored], A_MINUTE, at(130))
        assert told.reasons == ("black",)
        assert assessed(FIRST, [*stored, *looked], A_MINUTE, at(130)) == told

    @OVER_TIME
    @given(seen=histories())
    def test_every_change_has_the_next_number(self, seen: list[Observation]) -> None:
        found = ticked(seen, until=2400)
        assert [one.number for one in found] == list(range(1, len(found) + 1))


class TestNoFlapping:
    @OVER_TIME
    @given(st.lists(st.floats(85, 130), min_size=30, max_size=80))
    def test_a_bitrate_that_dances_about_the_threshold_changes_the_state_once_at_most(self, rates: list[float]) -> None:
        dancing = [clip(300 + 10 * number, 10, kbps=800 / rate * 10) for number, rate in enumerate(rates)]
        found = ticked([*clips(30), *dancing], until=300 + 10 * len(rates))
        assert len(found) <= 2

    @OVER_TIME
    @given(st.lists(st.floats(2.2, 12), min_size=30, max_size=80))
    def test_a_clock_that_dances_about_the_threshold_changes_the_state_once_at_most(self, ahead: list[float]) -> None:
        dancing = [clip(300 + 10 * number, 10, -seconds) for number, seconds in enumerate(ahead)]
        assert len(ticked([*clips(30), *dancing], until=300 + 10 * len(ahead))) <= 2

    @OVER_TIME
    @given(st.lists(st.sampled_from(["", "black"]), min_size=40, max_size=120))
    def test_a_view_changes_its_state_no_more_often_than_once_a_minute_of_one_mind(self, views: list[str]) -> None:
        found = ticked([clip(10 * n, 10, conditions=view) for n, view in enumerate(views)], until=10 * len(views))
        for before, after in itertools.pairwise(found):
            assert after.since - before.since >= timedelta(minutes=1)
        runs = sum(1 for n in range(len(views) - 5) if len(set(views[n : n + 6])) == 1)
        assert len(found) <= 1 + runs


def test_usual_length_is_that_of_most_clips() -> None:
    assert usual_length([*clips(5), clip(70, 3)]) == timedelta(seconds=10)
    assert usual_length(pictures(1, 2)) is None
    assert DEAD_INTERVALS < 3
