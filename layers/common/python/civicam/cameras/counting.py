"""A person's count beside the city's: which counts can be taken, and how far the two are apart, with an interval.

Of two Poisson counts, the share of one in their sum is binomial (Przyborowski and Wilenski, 1940); its interval is
Wilson's (1927), which holds for small counts too. Both counts are taken as independent, although they are of the same
street: so the interval is rather too wide.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from civicam.contracts.cameras import Camera
from civicam.contracts.counts import Checked, CountSheet, Deviation, ManualCount, Tally
from civicam.contracts.errors import Rejected
from civicam.contracts.ids import digest
from civicam.contracts.vision import VehiclesCounted

Z_95 = 1.959964
"""Standard deviations that hold 95 % of a normal distribution."""
COVERED_MIN = 0.5
"""Of a stretch that the city hardly looked at, a person's count proves nothing about it."""


def compared(
    camera: Camera, sheet: CountSheet, facts: Sequence[VehiclesCounted], *, by: str, at: datetime
) -> ManualCount:
    """The count as it is filed, beside what the city counted in the same stretch.

    Raises Rejected: `future_count`, `unknown_line`, and `not_covered` where the city looked at less than half of it.
    """
    _admit(camera, sheet, at)
    covered = sum(fact.coverage * _seconds(fact, sheet) for fact in facts) / (60 * sheet.minutes)
    if covered < COVERED_MIN:
        raise Rejected(
            "not_covered",
            f"the city has looked at {covered:.0%} of this stretch: count one of the last 30 days that it judged, "
            "and file it once its clips are judged",
        )
    tallies = tuple(_checked(tally, _of_city(tally, sheet, facts)) for tally in sheet.tallies)
    return ManualCount(
        count_id=digest("manual count", camera.camera_id, sheet.model_dump_json()),
        camera_id=camera.camera_id,
        start=sheet.start,
        end=sheet.end,
        tallies=tallies,
        total=deviation(sum(one.by_hand for one in tallies), sum(one.by_city for one in tallies)),
        covered=round(min(1.0, covered), 4),
        counted_by=by,
        filed_at=at,
    )


def deviation(by_hand: int, by_city: float) -> Deviation:
    """The error of the city's count, and the bounds between which it lies with 95 % confidence."""
    low, high = (share / (1 - share) - 1 if share < 1 else None for share in _wilson(by_city, by_hand + by_city))
    return Deviation(
        by_hand=by_hand,
        by_city=round(by_city, 2),
        error_share=round(by_city / by_hand - 1, 4) if by_hand else None,
        error_low=None if low is None else round(low, 4),
        error_high=None if high is None else round(high, 4),
    )


def _admit(camera: Camera, sheet: CountSheet, at: datetime) -> None:
    if sheet.end > at:
        raise Rejected("future_count", "the stretch has not ended yet: count first, then file")
    drawn = {line.line_id for line in camera.profile.lines}
    unknown = sorted({tally.line_id for tally in sheet.tallies} - drawn)
    if unknown:
        raise Rejected(
            "unknown_line", f"camera {camera.camera_id} has no line {', '.join(unknown)}: it has {sorted(drawn)}"
        )


def _wilson(hits: float, trials: float) -> tuple[float, float]:
    """Wilson's score interval for a share; from 0 to 1 where nothing was tried."""
    if not trials:
        return 0.0, 1.0
    share, z2 = hits / trials, Z_95**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z_95 / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return low, 1.0 if hits == trials else min(1.0, middle + half)


def _checked(tally: Tally, by_city: float) -> Checked:
    told = deviation(tally.count, by_city).model_dump()
    return Checked(line_id=tally.line_id, direction=tally.direction, label=tally.label, **told)


def _of_city(tally: Tally, sheet: CountSheet, facts: Sequence[VehiclesCounted]) -> float:
    return sum(
        crossing.count * _seconds(fact, sheet) / (fact.capture_end - fact.capture_start).total_seconds()
        for fact in facts
        for crossing in fact.crossings
        if (crossing.line_id, crossing.direction) == (tally.line_id, tally.direction)
        and tally.label in (None, crossing.label)
    )


def _seconds(fact: VehiclesCounted, sheet: CountSheet) -> float:
    """How long the fact's clip lies in the stretch."""
    shared = min(fact.capture_end, sheet.end) - max(fact.capture_start, sheet.start)
    return max(0.0, shared.total_seconds())
