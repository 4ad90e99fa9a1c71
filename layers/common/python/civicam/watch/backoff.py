"""How long a delivery waits before it is tried again."""

FIRST_SECONDS = 5
LONGEST_SECONDS = 900


def wait_seconds(tries: int, *, chance: float, asked_seconds: int | None = None) -> int:
    """Seconds until the next try after `tries` failed ones, at most 15 minutes.

    Exponential with equal jitter (half fixed, half by `chance`, 0..1), after Brooker, "Exponential Backoff And Jitter",
    AWS Architecture Blog, 2015; where the receiver asked for a wait (Retry-After), at least that.
    """
    ceiling = min(FIRST_SECONDS << min(max(tries, 1) - 1, 10), LONGEST_SECONDS)
    drawn = round(ceiling / 2 + chance * ceiling / 2)
    return min(max(drawn, asked_seconds or 0), LONGEST_SECONDS)
