"""What failed waits longer each time, each for its own time, never for hours; and not at all where no wait helps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.backbone.backoff import Backoff
from civicam.contracts.errors import Inconsistent, NotFound, Rejected, Unavailable

pytestmark = pytest.mark.unit
BACKOFF = Backoff(first_seconds=5, longest_seconds=900)
AWAY = Unavailable("the receiver is away")
chances = st.floats(0, 1)


@given(st.integers(-1, 10_000), chances, st.builds(Backoff, st.integers(1, 100), st.integers(100, 900)))
def test_a_wait_is_never_short_of_half_the_first_nor_longer_than_the_longest(
    tries: int, chance: float, backoff: Backoff
) -> None:
    wait = backoff.wait_seconds(AWAY, tries, chance=chance)
    assert backoff.first_seconds // 2 <= wait <= backoff.longest_seconds


@given(st.integers(1, 20), chances)
def test_each_wait_is_at_least_as_long_as_the_one_before(tries: int, chance: float) -> None:
    before, after = (BACKOFF.wait_seconds(AWAY, count, chance=chance) for count in (tries, tries + 1))
    assert after >= before


def test_two_messages_do_not_return_together() -> None:
    assert BACKOFF.wait_seconds(AWAY, 5, chance=0.1) != BACKOFF.wait_seconds(AWAY, 5, chance=0.9)


@pytest.mark.parametrize(("asked", "wait"), [(None, 5), (0, 5), (60, 60), (86_400, 900)])
def test_a_wait_that_was_asked_for_is_kept_within_bounds(asked: int | None, wait: int) -> None:
    assert BACKOFF.wait_seconds(Unavailable("later", asked), 1, chance=1) == wait


@pytest.mark.parametrize("error", [Inconsistent("who ate the boxes?"), KeyError("detail")])
def test_whatever_else_failed_waits_too(error: Exception) -> None:
    assert BACKOFF.wait_seconds(error, 2, chance=1) == 10


@pytest.mark.parametrize("error", [Rejected("malformed_fact", "it is not JSON"), NotFound("there is no such clip")])
def test_what_no_try_helps_does_not_wait(error: Rejected) -> None:
    assert BACKOFF.wait_seconds(error, 5, chance=1) == 0
