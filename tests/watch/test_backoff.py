"""Failed deliveries wait longer each time, each for its own time, and never for hours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.watch.backoff import FIRST_SECONDS, LONGEST_SECONDS, wait_seconds

pytestmark = pytest.mark.unit
chances = st.floats(0, 1)


@given(st.integers(-1, 10_000), chances)
def test_a_wait_is_never_short_of_half_the_first_nor_longer_than_the_longest(tries: int, chance: float) -> None:
    assert FIRST_SECONDS // 2 <= wait_seconds(tries, chance=chance) <= LONGEST_SECONDS


@given(st.integers(1, 20), chances)
def test_each_wait_is_at_least_as_long_as_the_one_before(tries: int, chance: float) -> None:
    assert wait_seconds(tries + 1, chance=chance) >= wait_seconds(tries, chance=chance)


def test_two_deliveries_do_not_return_together() -> None:
    assert wait_seconds(5, chance=0.1) != wait_seconds(5, chance=0.9)


@pytest.mark.parametrize(("asked", "wait"), [(None, 5), (0, 5), (60, 60), (86_400, LONGEST_SECONDS)])
def test_what_the_receiver_asked_for_is_waited_within_bounds(asked: int | None, wait: int) -> None:
    assert wait_seconds(1, chance=1, asked_seconds=asked) == wait
