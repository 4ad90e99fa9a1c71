"""A bar chart as SVG: a few rectangles need no library."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

WIDTH, LABEL, ROW, BAR, TOP = 720, 250, 30, 18, 46
INK, FAINT = "#1f2933", "#7b8794"
COLOURS = {"ours": "#1971c2", "other": "#adb5bd", "goal": "#e8590c"}


@dataclass(frozen=True)
class Bar:
    """One bar; `kind` is one of COLOURS. `goal`, where there is one, is a mark on it."""

    label: str
    value: float
    kind: str = "ours"
    goal: float | None = None


@dataclass(frozen=True)
class Chart:
    """Bars of one unit below each other, the longest as wide as the page."""

    title: str
    unit: str
    bars: tuple[Bar, ...]

    def svg(self) -> str:
        """The picture as text."""
        height = TOP + ROW * len(self.bars) + 10
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            'font-family="system-ui, sans-serif" font-size="13">'
        )
        title = f'<text x="12" y="26" font-size="15" fill="{INK}">{escape(self.title)}</text>'
        paper = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
        return "\n".join([head, paper, title, *self._rows(), "</svg>", ""])

    def _rows(self) -> Iterator[str]:
        most = max([1e-9, *(max(bar.value, bar.goal or 0.0) for bar in self.bars)])
        scale = (WIDTH - LABEL - 100) / most
        for place, bar in enumerate(self.bars):
            y, long = TOP + ROW * place, bar.value * scale
            yield f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end" fill="{INK}">{escape(bar.label)}</text>'
            yield f'<rect x="{LABEL}" y="{y}" width="{long:.1f}" height="{BAR}" fill="{COLOURS[bar.kind]}"/>'
            if bar.goal is not None:
                mark = LABEL + bar.goal * scale
                yield f'<rect x="{mark:.1f}" y="{y - 3}" width="2" height="{BAR + 6}" fill="{COLOURS["goal"]}"/>'
            text = f"{bar.value:g} {self.unit}"
            yield f'<text x="{LABEL + long + 8:.1f}" y="{y + 14}" fill="{FAINT}">{escape(text)}</text>'
