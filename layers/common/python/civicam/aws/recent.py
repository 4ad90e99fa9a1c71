"""What was read a moment ago, for whoever may act on it for some seconds more."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
RECENT_SECONDS = 5.0
MOST = 2_000
"""Keys that are remembered: this bounds memory only."""


class Recent(Generic[T]):
    """A reading by key that is repeated when it is older than `seconds`; an error is not remembered."""

    def __init__(
        self, read: Callable[[str], T], seconds: float = RECENT_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read, self._seconds, self._clock = read, seconds, clock
        self._known: dict[str, tuple[float, T]] = {}

    def __call__(self, key: str) -> T:
        """The reading of this key."""
        known = self._known.get(key)
        if known and self._clock() - known[0] < self._seconds:
            return known[1]
        if len(self._known) >= MOST:
            self._known.clear()
        reading = self._read(key)
        self._known[key] = self._clock(), reading
        return reading
