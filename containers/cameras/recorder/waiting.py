"""How long the recorder waits before it tries again."""

import random

LONGEST_WAIT_SECONDS = 60.0


def wait_seconds(tries: int, first_seconds: float) -> float:
    """Twice as long after each try, bounded, never quite the same twice: a thousand recorders lose one line at once."""
    longest = min(LONGEST_WAIT_SECONDS, first_seconds * 2.0 ** min(tries - 1, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
