"""What was read a moment ago is not read again."""

from itertools import count

import pytest

from civicam.aws.recent import Recent
from civicam.contracts.errors import NotFound

pytestmark = pytest.mark.unit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_reading_holds_for_some_seconds_and_no_longer() -> None:
    clock, numbers = Clock(), count(1)
    recent = Recent(lambda key: f"{key}{next(numbers)}", seconds=5, clock=clock)
    assert (recent("a"), recent("a"), recent("b")) == ("a1", "a1", "b2")
    clock.now = 5.0
    assert recent("a") == "a3"


def test_an_error_is_not_remembered() -> None:
    there: dict[str, int] = {}

    def read(key: str) -> int:
        if key not in there:
            raise NotFound(key)
        return there[key]

    recent = Recent(read)
    with pytest.raises(NotFound):
        recent("a")
    there["a"] = 1
    assert recent("a") == 1
