"""Differences as a page for a browser: a table, and pictures of disagreements. It needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from civicam.vision.differences import Difference
from civicam_cli.moments import both
from civicam_cli.replay.pictures import TwoViews

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1280px; padding: 0 1rem; color: #1c2126 }
table { border-collapse: collapse } th, td { padding: .3rem .8rem; text-align: left; border-bottom: 1px solid #d5dae0 }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem } img { width: 100% } figure { margin: 0 }
"""


@dataclass(frozen=True)
class Shown:
    """One clip's differences, and its pictures where they can still be had."""

    differences: Sequence[Difference]
    views: TwoViews | None
    why_not: str = ""


def write_page(
    folder: Path, title: str, runs: tuple[str, str], counts: Sequence[Sequence[str]], shown: Sequence[Shown]
) -> Path:
    """Write index.html and its JPEGs into the folder, which is made; returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = [_clip(folder, number, runs, one) for number, one in enumerate(shown, 1)]
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in counts)
    head = "".join(f"<th>{name}</th>" for name in ("camera", "rule", "gained", "lost", "changed"))
    page = folder / "index.html"
    page.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
        f"<h1>{escape(title)}</h1><table><tr>{head}</tr>{rows}</table>{''.join(clips)}</html>\n",
        encoding="utf-8",
    )
    return page


def _clip(folder: Path, number: int, runs: tuple[str, str], shown: Shown) -> str:
    first = shown.differences[0]
    told = "".join(f"<li>{escape(line(one))}</li>" for one in shown.differences)
    title = f"<h2>{number}. camera {escape(first.camera_id)}, {both(first.capture_start)}</h2>"
    return f"{title}<ul>{told}</ul>{_pictures(folder, number, runs, shown)}"


def _pictures(folder: Path, number: int, runs: tuple[str, str], shown: Shown) -> str:
    if shown.views is None:
        return f"<p>No picture: {escape(shown.why_not)}</p>"
    figures = []
    for run, jpeg in zip(runs, (shown.views.first, shown.views.second), strict=True):
        name = f"{number:03d}-{run}.jpg"
        (folder / name).write_bytes(jpeg)
        caption = f"{escape(run)}, second {shown.views.time_s:.2f}"
        figures.append(f'<figure><img src="{name}" alt="{caption}"><figcaption>{caption}</figcaption></figure>')
    return f'<div class="pair">{"".join(figures)}</div>'


def line(difference: Difference) -> str:
    """One difference in words."""
    measures = ", ".join(f"{name} {_said(one)} -> {_said(other)}" for name, (one, other) in difference.measures.items())
    return f"{difference.rule} {difference.change}: {measures or 'the same measures'}"


def _said(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
