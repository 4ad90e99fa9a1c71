"""How long what failed waits before it is tried again."""

from dataclasses import dataclass

from civicam.contracts.errors import Rejected, Unavailable


@dataclass(frozen=True)
class Backoff:
    """Twice as long after each try, from `first_seconds` on, and never longer than `longest_seconds`."""

    first_seconds: int = 2
    longest_seconds: int = 120

    def wait_seconds(self, error: BaseException, tries: int, *, chance: float) -> int:
        """Seconds until the next try after `tries` failed ones, of which the last ended with `error`.

        Exponential with equal jitter (half fixed, half by `chance`, 0..1), after Brooker, "Exponential Backoff And
        Jitter", AWS Architecture Blog, 2015; at least what Unavailable was asked for, and 0 after Rejected: no wait
        helps what no try helps, so that it uses up its tries and is seen among the dead letters.
        """
        if isinstance(error, Rejected):
            return 0
        ceiling = min(self.first_seconds << min(max(tries, 1) - 1, 10), self.longest_seconds)
        drawn = round(ceiling / 2 + chance * ceiling / 2)
        asked = error.asked_seconds if isinstance(error, Unavailable) else None
        return min(max(drawn, asked or 0), self.longest_seconds)
