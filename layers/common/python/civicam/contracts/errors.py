"""What can go wrong, told apart by what the caller should do about it."""


class CityError(Exception):
    """Base of every error that the city raises on purpose."""


class Rejected(CityError):
    """Bad input: never retried. `reason` is a stable snake_case word, the message names the input and the remedy."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotFound(Rejected):
    """The thing that was asked for does not exist (or the caller may not know that it does)."""

    def __init__(self, message: str) -> None:
        super().__init__("not_found", message)


class Conflict(Rejected):
    """The write contradicts what already stands: somebody else's claim, a version that moved on."""

    def __init__(self, message: str) -> None:
        super().__init__("conflict", message)


class Unavailable(CityError):
    """Something that normally works does not right now: the queue or state machine tries again.

    `asked_seconds` is the wait that the other side asked for, where it did.
    """

    def __init__(self, message: str, asked_seconds: int | None = None) -> None:
        super().__init__(message)
        self.asked_seconds = asked_seconds


class Inconsistent(CityError):
    """Two things that must agree do not: somebody has to look."""
