"""The most at once, without taking one frame's word for it."""

from collections.abc import Mapping, Sequence

HELD_MS = 900
"""A second, less what key frames and grids are early by."""

Look = tuple[int, int]
"""Capture time in ms since 1970, and how many were seen."""


class Held:
    """Finds the most at once of several things, each by a name, from clip to clip."""

    def __init__(self, before: Mapping[str, Sequence[Look]]) -> None:
        self._before = before
        self.after: dict[str, tuple[Look, ...]] = {}
        """What the next clip needs to know: the last second's looks at each thing."""

    def most(self, name: str, looks: Sequence[Look]) -> int:
        """The most of which at least half of the looks of a second, and two at least, agree that they were there.

        A second is the stretch of looks back to the first one that is `HELD_MS` or more ago; below a look a second it
        is two looks. The first look of all proves nothing: 0.
        """
        before = self._before.get(name, ())
        known = [*(look for look in before if not looks or look[0] < looks[0][0]), *looks]
        self.after[name] = tuple(_second(known))
        first = len(known) - len(looks)
        return max((_agreed(known[: place + 1]) for place in range(first, len(known))), default=0)


def _second(known: Sequence[Look]) -> Sequence[Look]:
    """The looks at the end of the list, back to the first one a second before the last."""
    for place in range(len(known) - 1, -1, -1):
        if known[-1][0] - known[place][0] >= HELD_MS:
            return known[place:]
    return known


def _agreed(known: Sequence[Look]) -> int:
    second = _second(known)
    if second[-1][0] - second[0][0] < HELD_MS:
        return 0
    counts = sorted((count for _, count in second), reverse=True)
    return counts[max(2, (len(counts) + 1) // 2) - 1]
