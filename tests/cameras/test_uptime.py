"""Uptime over any period, from a camera's changes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.cameras.health import Health
from civicam.cameras.health_facts import changed
from civicam.cameras.uptime import Period, summed, uptime
from civicam.contracts.health import CameraHealthChanged, HealthState

pytestmark = pytest.mark.unit
AT = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
CAMERA = "01JZ0000000000000000000001"
STATES: tuple[HealthState, ...] = ("healthy", "degraded", "blind", "dead")


def at(minute: float) -> datetime:
    return AT + timedelta(minutes=minute)


def changes(*states: tuple[float, HealthState]) -> tuple[list[CameraHealthChanged], Health]:
    """A camera that was looked at first at AT."""
    standing, told = Health(since=AT), []
    for number, (minute, state) in enumerate(states, 1):
        after = Health(since=at(minute), state=state, number=number)
        told.append(changed(CAMERA, standing, after))
        standing = after
    return told, standing


def minutes(period: Period, told: list[CameraHealthChanged], now: Health) -> dict[str, float]:
    """As the table gives them: the changes since the period's start, up to the first one behind its end."""
    within = [change for change in told if change.since >= period.start]
    behind = [change for change in within if change.since >= period.end][:1]
    known = [change for change in within if change.since < period.end] + behind
    found = uptime(known, now, period)
    return {state: seconds / 60 for state, seconds in found.seconds.items()}


def test_every_state_lasts_until_the_next_one() -> None:
    told, now = changes((10, "healthy"), (30, "dead"), (40, "degraded"))
    assert minutes(Period(at(0), at(60)), told, now) == {"unknown": 10, "healthy": 20, "dead": 10, "degraded": 20}


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (15, 25, {"healthy": 10}),
        (25, 35, {"healthy": 5, "dead": 5}),
        (50, 90, {"degraded": 40}),
        (-20, 5, {"unknown": 25}),
    ],
)
def test_a_period_without_a_change_in_it_is_known_too(start: float, end: float, found: dict[str, float]) -> None:
    told, now = changes((10, "healthy"), (30, "dead"), (40, "degraded"))
    assert minutes(Period(at(start), at(end)), told, now) == found


def test_the_share_is_of_the_time_in_which_anybody_could_tell() -> None:
    told, now = changes((10, "healthy"), (30, "dead"))
    period = Period(at(0), at(60))
    assert uptime(told, now, period).share == pytest.approx(20 / 50)
    assert uptime([], Health(since=at(60)), period).share is None
    both = summed([uptime(told, now, period), uptime([], Health(since=AT, state="healthy"), period)], period)
    assert both.cameras == 2
    assert both.share == pytest.approx(80 / 110)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.sampled_from(STATES)), max_size=12),
    st.integers(-20, 300),
    st.integers(1, 300),
)
def test_the_states_of_a_camera_add_up_to_the_period(
    steps: list[tuple[int, HealthState]], start: int, length: int
) -> None:
    moments = [(sum(step for step, _ in steps[: number + 1]), state) for number, (_, state) in enumerate(steps)]
    told, now = changes(*moments)
    assert sum(minutes(Period(at(start), at(start + length)), told, now).values()) == pytest.approx(length)
