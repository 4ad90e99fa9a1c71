"""What share of the promised time was really looked at, and where the rest of it went, to the millisecond.

Each millisecond that is promised is counted once: as analysed, or under one reason. So the reasons add up to the gap,
whatever was delivered, and footage that overlaps is counted once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

from civicam.contracts.base import Document
from civicam.contracts.health import BLINDING, Looked

Gap = Literal["not_allocated", "not_received", "rejected", "abandoned", "waiting", "blind", "shed"]
"""Why time that was promised was not analysed: nobody chose the camera; no footage came, or not whole; it could not be
used; its analysis failed to the last try; it has not had its turn; it showed nothing; it was looked at less often."""
Fate = Literal["judged", "waiting", "abandoned", "rejected", "not_allocated"]
RANK: dict[Fate, int] = {"judged": 0, "waiting": 1, "abandoned": 2, "rejected": 3, "not_allocated": 4}
"""Of two clips that show one moment, the one that came to more."""
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stretch:
    """From `start` on, and before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Filmed:
    """One clip, and what became of it."""

    start: datetime
    end: datetime
    fate: Fate
    looked: Looked | None = None
    """Where it was judged: how well it was looked at. None is what was judged before that was noted: as it should."""


class Coverage(Document):
    """Promised and analysed time in camera-milliseconds, and the gap between them by reason."""

    promised_ms: int = 0
    analysed_ms: int = 0
    gap_ms: dict[Gap, int] = {}  # noqa: RUF012 - pydantic copies it

    @property
    def share(self) -> float | None:
        """Analysed of promised, 0..1; None where nothing was promised."""
        return self.analysed_ms / self.promised_ms if self.promised_ms else None

    def __add__(self, other: "Coverage") -> "Coverage":
        gap = dict(self.gap_ms)
        for reason, lost in other.gap_ms.items():
            gap[reason] = gap.get(reason, 0) + lost
        return Coverage(
            promised_ms=self.promised_ms + other.promised_ms,
            analysed_ms=self.analysed_ms + other.analysed_ms,
            gap_ms=gap,
        )


def covered(
    promised: Sequence[Stretch], filmed: Iterable[Filmed], allocated: Sequence[Stretch] | None = None
) -> Coverage:
    """Of one camera and one analytic. `promised`: when it is to be analysed (outside of that nothing is promised);
    `allocated`: when it was chosen to be, None where all are."""
    clips = sorted((_Span(_ms(one.start), _ms(one.end), one) for one in filmed), key=lambda span: span.start)
    chosen = [(_ms(one.start), _ms(one.end)) for one in allocated] if allocated is not None else None
    whole = Coverage()
    for start, end in _joined([(_ms(one.start), _ms(one.end)) for one in promised]):
        within = [span for span in clips if span.start < end and span.end > start]
        coming, there = iter(within), list[_Span]()
        following = next(coming, None)
        marks = {start, end, *(mark for span in within for mark in (span.start, span.end) if start < mark < end)}
        marks |= {mark for pair in chosen or () for mark in pair if start < mark < end}
        for begin, until in pairwise(sorted(marks)):
            while following and following.start <= begin:
                there.append(following)
                following = next(coming, None)
            there = [span for span in there if span.end > begin]
            whole += _piece(until - begin, _best(there), _is_chosen(chosen, begin))
    return whole


@dataclass(frozen=True)
class _Span:
    start: int
    end: int
    filmed: Filmed


def _best(there: Sequence[_Span]) -> Filmed | None:
    """The one of the clips that came to most."""
    return min((span.filmed for span in there), key=lambda one: (RANK[one.fate], -_share(one.looked)), default=None)


def _piece(length: int, clip: Filmed | None, chosen: bool) -> Coverage:
    """A stretch in which nothing changes."""
    if clip is None:
        return Coverage(promised_ms=length, gap_ms={"not_received" if chosen else "not_allocated": length})
    if clip.fate != "judged":
        return Coverage(promised_ms=length, gap_ms={clip.fate: length})
    looked = clip.looked
    analysed = int(length * _share(looked))
    seen = int(length * looked.coverage) if looked else length
    is_blind = looked is not None and not BLINDING.isdisjoint(looked.conditions)
    lost: dict[Gap, int] = {"shed": seen - analysed, "blind" if is_blind else "not_received": length - seen}
    return Coverage(
        promised_ms=length, analysed_ms=analysed, gap_ms={reason: part for reason, part in lost.items() if part}
    )


def _share(looked: Looked | None) -> float:
    """How much of a clip counts as analysed: what was seen of it, by how often against how often was promised."""
    if looked is None:
        return 1.0
    rate = looked.sampling_fps / looked.asked_fps if looked.asked_fps else 1.0
    return looked.coverage * min(1.0, rate)


def _is_chosen(chosen: Sequence[tuple[int, int]] | None, moment: int) -> bool:
    return chosen is None or any(start <= moment < end for start, end in chosen)


def _joined(stretches: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same time, once each."""
    start = end = None
    for begin, until in sorted(one for one in stretches if one[0] < one[1]):
        if start is None or end is None or begin > end:
            if start is not None and end is not None:
                yield start, end
            start, end = begin, until
        else:
            end = max(end, until)
    if start is not None and end is not None:
        yield start, end


def _ms(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND
