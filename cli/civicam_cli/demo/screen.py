"""What the demo shows while it runs: a live table on a terminal, a line for each fact elsewhere."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.table import Table

from civicam.contracts.cameras import ClipRejected, ClipStored
from civicam.contracts.facts import CloudEvent, Fact
from civicam.contracts.vision import ClipAbandoned, CrowdMeasured, FacesSeen, VehiclesCounted
from civicam.contracts.watch import AlertRaised
from civicam_cli.demo.report import Observed, Spread


@dataclass
class _Row:
    """One camera's line of the table."""

    counts: Counter[str] = field(default_factory=Counter)
    people: int = 0
    faces: int = 0
    last: str = ""


@dataclass
class Screen:
    """Follows the facts as they come."""

    console: Console
    names: dict[str, str]
    seen: Observed
    _rows: dict[str, _Row] = field(default_factory=lambda: defaultdict(_Row))

    def show(self, event: CloudEvent[Fact]) -> None:
        """Note one fact; on a terminal the table is drawn anew, elsewhere this is a line."""
        row, said = self._rows[event.subject], _in_words(event.data)
        row.last = said
        match event.data:
            case ClipStored():
                row.counts["clips"] += 1
            case VehiclesCounted() as fact:
                row.counts["crossings"] += sum(crossing.count for crossing in fact.crossings)
                row.counts["vehicles"] += sum(label.count for label in fact.appeared)
            case CrowdMeasured() as fact:
                row.people = max(row.people, fact.people_max)
            case FacesSeen() as fact:
                row.faces = max(row.faces, fact.faces_max)
            case AlertRaised():
                row.counts["alerts"] += 1
            case _:
                pass
        if not self.console.is_terminal:
            self.console.print(f"{event.type:28} {self._name(event.subject)}: {said}", soft_wrap=True)

    @contextmanager
    def live(self) -> Iterator[None]:
        """Draw the table four times a second until the block ends, where there is a terminal to draw on."""
        if not self.console.is_terminal:
            yield
            return
        with Live(get_renderable=self.table, console=self.console, refresh_per_second=4):
            yield

    def table(self) -> Table:
        """The city as it stands."""
        latency = self.seen.latency()
        table = Table(
            title=f"clip closed → fact {_seconds(latency.fact)}, → alert {_seconds(latency.alert)}",
            box=None,
            expand=True,
        )
        table.add_column("camera", no_wrap=True, ratio=2)
        for column in ("clips", "vehicles", "crossings", "people", "faces", "alerts"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("last", no_wrap=True, ratio=2)
        for camera_id, name in self.names.items():
            row = self._rows[camera_id]
            counts = [str(row.counts[what]) for what in ("clips", "vehicles", "crossings")]
            table.add_row(name, *counts, str(row.people), str(row.faces), str(row.counts["alerts"]), row.last)
        return table

    def _name(self, camera_id: str) -> str:
        return self.names.get(camera_id, camera_id)


def _in_words(fact: Fact) -> str:
    said = fact.TYPE
    match fact:
        case ClipStored(footage=clip):
            seconds = (clip.capture_end - clip.capture_start).total_seconds()
            said = f"{clip.kind} of {seconds:.1f} s, {clip.size_bytes / 1000:.0f} kB"
        case ClipRejected(reason=said) | ClipAbandoned(error=said):
            pass
        case VehiclesCounted():
            crossed = [f"{one.count} {one.label} {one.direction} over {one.line_id}" for one in fact.crossings]
            new = [f"{one.count} {one.label} new" for one in fact.appeared]
            fast = [f"{one.speed_kmh_mean:.0f} km/h {one.direction}" for one in fact.lines if one.speed_kmh_mean]
            said = ", ".join([*crossed, *fast, *new]) or "none"
        case CrowdMeasured():
            said = f"{fact.people_mean:.1f} people on average, {fact.people_max} at most"
        case FacesSeen():
            said = f"{fact.faces_mean:.1f} faces on average, {fact.faces_max} at most"
        case AlertRaised(alert=alert):
            said = f"{alert.title}: {alert.value} (from {alert.at_least} on)"
        case _:
            pass
    return said


def _seconds(spread: Spread) -> str:
    return "-" if spread.p50 is None else f"p50 {spread.p50:.1f} s p95 {spread.p95:.1f} s"
