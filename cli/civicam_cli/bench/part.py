"""What a part of the benchmark is: how it measures, and how its figures are shown."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pydantic import JsonValue

from civicam_cli.bench.chart import Chart
from civicam_cli.bench.clips import BenchClips
from civicam_cli.places import VAR

CLIPS = VAR / "bench" / "clips-1"
"""Another recipe of the clips is another number."""
Share = dict[str, JsonValue]
"""A part's share of the document: the headline figures it fills, and under its own name everything else it shows."""


@dataclass(frozen=True)
class Bench:
    """What a part may use while it measures."""

    clips: BenchClips = field(default_factory=lambda: BenchClips(CLIPS))
    """The bench clips; each is made when it is first asked for."""

    def say(self, line: str) -> None:
        """Tell on standard error how far it is."""
        sys.stderr.write(f"  {line}\n")
        sys.stderr.flush()


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One row of the page's first table: what is measured, what it should come to, and what it came to."""

    measure: str
    wanted: str
    came_to: Callable[[Share], str]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the benchmark."""

    name: str
    """As `--only` names it."""
    title: str
    measure: Callable[[Bench], Share]
    section: Callable[[Share], Iterable[str]]
    """The lines of Markdown under the title, from the share as it was measured (JSON numbers, lists and dicts)."""
    goals: tuple[Goal, ...] = ()
    chart: Callable[[Share], Chart] | None = None


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """A Markdown table."""
    columns = [*head]
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return [*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)]
