"""The circuit breaker of a source: closed, open, half-open, and never open for long."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.cameras.circuit import CLOSED, OPENS_AFTER, PAUSE, Circuit, CircuitState
from tests.cameras.conftest import PULLED

AT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
LONGEST = timedelta(seconds=PAUSE.longest_seconds)
HISTORY = st.lists(st.tuples(st.booleans(), st.integers(0, 3600)), max_size=60)
pytestmark = pytest.mark.unit


def after(failures: int, at: datetime = AT) -> Circuit:
    """A circuit after so many failures, each as soon as the source could be tried."""
    circuit = CLOSED
    for _ in range(failures):
        circuit = circuit.failed(PULLED, circuit.until or at)
    return circuit


def test_it_opens_at_the_third_failure_in_a_row_and_is_half_open_when_its_pause_is_over() -> None:
    assert [after(number).state(AT) for number in range(OPENS_AFTER)] == [CircuitState.CLOSED] * OPENS_AFTER
    opened = after(OPENS_AFTER)
    assert opened.until is not None
    assert opened.state(opened.until - timedelta(milliseconds=1)) is CircuitState.OPEN
    assert opened.state(opened.until) is CircuitState.HALF_OPEN


def test_each_pause_is_longer_until_the_longest() -> None:
    pauses, circuit = [], after(OPENS_AFTER - 1)
    for _ in range(6):
        asked = circuit.until or AT
        circuit = circuit.failed(PULLED, asked)
        assert circuit.until is not None
        pauses.append(circuit.until - asked)
    assert timedelta(seconds=60) <= pauses[0] <= timedelta(seconds=120)
    assert pauses[2] > pauses[0]
    assert all(LONGEST / 2 <= pause <= LONGEST for pause in pauses[3:])


def test_a_failure_of_a_pull_from_before_it_opened_does_not_lengthen_the_pause() -> None:
    opened = after(OPENS_AFTER)
    assert opened.failed(PULLED, AT) == opened


def test_a_source_that_asks_for_a_longer_pause_has_it_and_never_more_than_the_longest() -> None:
    for asked, given_seconds in ((300, 300), (86_400, PAUSE.longest_seconds)):
        until = after(OPENS_AFTER - 1).failed(PULLED, AT, asked).until
        assert until == AT + timedelta(seconds=given_seconds)


def test_sources_that_failed_together_do_not_return_together() -> None:
    untils = set()
    for number in range(100):
        circuit = CLOSED
        for _ in range(OPENS_AFTER):
            circuit = circuit.failed(f"01JZ{number:022d}", AT)
        untils.add(circuit.until)
    assert len(untils) > 30


@given(HISTORY)
def test_whatever_happens_it_is_never_open_for_longer_than_the_longest_pause(history: list[tuple[bool, int]]) -> None:
    at, circuit, in_a_row = AT, CLOSED, 0
    for works, seconds in history:
        at += timedelta(seconds=seconds)
        was_open = circuit.state(at) is CircuitState.OPEN
        circuit = CLOSED if works else circuit.failed(PULLED, at)
        in_a_row = 0 if works else in_a_row + (not was_open)
        assert circuit.failures == in_a_row
        assert (circuit.until is not None) == (in_a_row >= OPENS_AFTER)
        assert circuit.state(at + LONGEST) is not CircuitState.OPEN


def test_it_is_stored_and_read_as_it_is() -> None:
    for circuit in map(after, range(6)):
        assert Circuit.model_validate_json(circuit.model_dump_json()) == circuit
