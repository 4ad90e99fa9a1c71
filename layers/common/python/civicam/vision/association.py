"""Which box goes on which track: costs between the two, and the cheapest assignment, stage by stage."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FORBIDDEN = 1e9


def overlap(ones: Floats, others: Floats) -> Floats:
    """(n, m): intersection over union of boxes (n, 4) and (m, 4); 0 where both have no area."""
    low = np.maximum(ones[:, None, :2], others[None, :, :2])
    high = np.minimum(ones[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (ones, others)]
    union = areas[0][:, None] + areas[1][None, :] - shared
    share: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return share


def resemble(ones: Floats, others: Floats, ratio: float) -> NDArray[np.bool_]:
    """(n, m): whether the areas differ by no more than this ratio."""
    areas = [np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1.0) for boxes in (ones, others)]
    quotient = areas[0][:, None] / areas[1][None, :]
    alike: NDArray[np.bool_] = np.maximum(quotient, 1 / quotient) <= ratio
    return alike


def cheapest(cost: Floats, limit: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of the assignment of least total cost, of pairs that cost at most `limit`; by row."""
    if not (cost <= limit).any():
        return []
    import lap  # noqa: PLC0415 - those who only ask which analytics there are do without it

    _, columns, _ = lap.lapjv(np.minimum(cost, FORBIDDEN), extend_cost=True, cost_limit=limit)
    pairs = [(row, int(column)) for row, column in enumerate(columns) if column >= 0]
    return [(row, column) for row, column in pairs if cost[row, column] <= limit]


class Matching:
    """Who belongs to whom in one frame. A later stage sees only what the earlier ones left."""

    def __init__(self) -> None:
        self.box_of: dict[int, int] = {}
        self._taken: set[int] = set()

    def stage(self, tracks: Sequence[int], boxes: Sequence[int], cost: Floats, limit: float) -> None:
        """Match those of the tracks and boxes that are still free; `cost` (all tracks, all boxes), at most `limit`."""
        rows = [track for track in tracks if track not in self.box_of]
        columns = [box for box in boxes if box not in self._taken]
        if not rows or not columns:
            return
        for row, column in cheapest(cost[np.ix_(rows, columns)], limit):
            self.box_of[rows[row]] = columns[column]
            self._taken.add(columns[column])

    def free(self, boxes: Sequence[int]) -> list[int]:
        """Those of the boxes that no track has."""
        return [box for box in boxes if box not in self._taken]
