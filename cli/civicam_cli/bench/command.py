"""`civicam bench`: measures the parts, writes the page and the chart, prints one document."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from civicam.contracts.errors import CityError, Rejected
from civicam_cli.bench.clips import KINDS, BenchClips
from civicam_cli.bench.document import Record, document, measured_here
from civicam_cli.bench.page import write_page
from civicam_cli.bench.part import Bench, Part, Share
from civicam_cli.bench.parts import PARTS
from civicam_cli.places import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
app = typer.Typer(help="Measure what this machine does: cameras, CPU seconds, latency, quality, cost.")


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    only: Annotated[list[str] | None, typer.Option(metavar="PART", help="Measure this part; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    page: Annotated[Path, typer.Option(help="Where the page is written, its record and charts beside it.")] = PAGE,
) -> None:
    """Measure, and write the page. Exit code 1 if a part cannot be measured here."""
    if context.invoked_subcommand:
        return
    chosen = _chosen(only)
    shares = {part.name: share for part in chosen if (share := _measured(part, page)) is not None}
    if as_json:
        sys.stdout.write(json.dumps(document(shares), ensure_ascii=False) + "\n")
    raise typer.Exit(0 if len(shares) == len(chosen) else 1)


@app.command()
def clips(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the clips are put.")]) -> None:
    """Make the clips that are measured on, from named footage: 1080p25 and 720p25, a key frame a second, 10 s."""
    made = BenchClips(folder)
    for scene in made.scenes():
        for kind in KINDS:
            for height in (1080, 720):
                typer.echo(made.path(scene, kind, height))


def _chosen(only: list[str] | None) -> tuple[Part, ...]:
    names = [part.name for part in PARTS]
    unknown = [name for name in only or () if name not in names]
    if unknown:
        raise Rejected("unknown_part", f"{', '.join(unknown)} is no part: there are {', '.join(names)}")
    return tuple(part for part in PARTS if not only or part.name in only)


def _measured(part: Part, page: Path) -> Share | None:
    """What the part came to, already on the page; None where it could not be measured, which is said."""
    sys.stderr.write(f"{part.name}: {part.title}\n")
    try:
        share = part.measure(Bench())
    except CityError as error:
        sys.stderr.write(f"civicam: {part.name}: {error}\n")
        return None
    write_page(page, Record.read(page).with_part(part.name, measured_here(share)), PARTS)
    return share
