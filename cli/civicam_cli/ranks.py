"""Percentiles of what was measured."""

import math
from collections.abc import Iterable


def nearest_rank(figures: Iterable[float], share: float) -> float:
    """The smallest figure that so large a share of them do not exceed; there is one at least."""
    ordered = sorted(figures)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
