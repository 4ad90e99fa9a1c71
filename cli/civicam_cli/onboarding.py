"""Many cameras at once: `civicam cameras import`, `export`, `change`, and the templates that they begin with."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from civicam.aws.onboarding import Onboarding
from civicam.aws.owners import Owners
from civicam.aws.registry import Registry
from civicam.aws.rules import Rules
from civicam.cameras.changing import Wish, told_of
from civicam.cameras.csv_file import read_csv, write_csv
from civicam.cameras.geojson import feature, read_geojson
from civicam.cameras.reports import Result, counted
from civicam.cameras.rows import Told
from civicam.cameras.templates import templates
from civicam.contracts.errors import NotFound, Rejected
from civicam_cli import city
from civicam_cli.counting import BY
from civicam_cli.deployment import use_deployment

DEMO = "demo"
SHOWN = 200
"""Rows of a report on a terminal; the refused ones are all shown."""
Format = Literal["csv", "geojson"]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
Owner = Annotated[list[str] | None, typer.Option(help="Only cameras of this owner; may be given again.")]
Unit = Annotated[list[str] | None, typer.Option(help="Only cameras of this unit; may be given again.")]


def import_cameras(
    file: Annotated[str, typer.Argument(help="A CSV or GeoJSON file; `demo` for the demo city, its owners and rules.")],
    template: Annotated[str | None, typer.Option(help="What new cameras begin with whose row names none.")] = None,
    farm: Annotated[str, typer.Option(help="Where the demo city's pulled cameras stand.")] = city.FARM,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Bring the registry up to date with a file; importing it again changes nothing. Exit code 1 for a refused row."""
    if template is not None and template not in templates():
        raise NotFound(f"there is no template {template}: there are {', '.join(templates())}")
    rows = city.rows(farm) if file == DEMO else read(Path(file))
    if template is not None:
        rows = tuple(replace(row, template=row.template or template) for row in rows)
    use_deployment()
    if file == DEMO:
        for owner in city.owners():
            Owners.from_env().put(owner, by=BY)
    _take(rows, dry_run=dry_run, as_json=as_json, then=_put_rules if file == DEMO and not dry_run else None)


def export_cameras(
    form: Annotated[Format, typer.Argument(metavar="csv|geojson", help="CSV for spreadsheets; GeoJSON is whole.")],
    owner: Owner = None,
    unit: Unit = None,
    to: Annotated[Path | None, typer.Option(help="A file instead of standard output.")] = None,
) -> None:
    """Write cameras as `import` takes them back: no credential, no formula."""
    use_deployment()
    found = sorted(Wish(owners=_set(owner), units=_set(unit)).of(Registry.from_env().all()), key=lambda c: c.camera_id)
    if form == "csv":
        text = write_csv(found)
    else:
        text = json.dumps({"type": "FeatureCollection", "features": [*map(feature, found)]}, ensure_ascii=False) + "\n"
    if to is None:
        sys.stdout.write(text)
    else:
        to.write_text(text, encoding="utf-8-sig" if form == "csv" else "utf-8", newline="")


def change_cameras(  # noqa: PLR0917 - each is one option
    wanted: Annotated[
        list[str],
        typer.Option("--set", metavar="COLUMN=VALUE", help="What to change, as a CSV cell: profile.sampling_fps=1."),
    ],
    owner: Owner = None,
    unit: Unit = None,
    model: Annotated[list[str] | None, typer.Option(help="Only cameras of this model; may be given again.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only cameras with this kind of source.")] = None,
    everywhere: Annotated[bool, typer.Option("--all", help="All cameras, where nothing narrows them down.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Change the same of many cameras. Exit code 1 for a camera that cannot be changed so, which stays as it is."""
    wish = Wish(owners=_set(owner), units=_set(unit), models=_set(model), kinds=_set(kind))
    if wish == Wish() and not everywhere:
        raise Rejected("too_wide", "nothing says which cameras: give --owner, --unit, --model, --kind, or --all")
    use_deployment()
    found = sorted(wish.of(Registry.from_env().all()), key=lambda camera: camera.camera_id)
    _take(told_of(found, wanted), dry_run=dry_run, as_json=as_json)


def list_templates(as_json: AsJson = False) -> None:
    """List what cameras of a model begin with."""
    if as_json:
        told = {name: template.model_dump(mode="json") for name, template in templates().items()}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    rows = ((name, one.title, ", ".join(_leaves(one.sets))) for name, one in templates().items())
    _print(("Template", "For", "Sets"), rows)


def read(path: Path) -> tuple[Told, ...]:
    """The rows of a file: GeoJSON where its name or its first sign says so, else CSV. Raises Rejected."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Rejected("unreadable", f"{path} cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise Rejected(
            "unreadable", f"{path} is not UTF-8 (byte {error.start}): save it as `CSV UTF-8`, or as JSON in UTF-8"
        ) from error
    is_json = path.suffix.lower() in {".json", ".geojson"} or text.lstrip().startswith("{")
    return read_geojson(text) if is_json else read_csv(text)


def _take(rows: Sequence[Told], *, dry_run: bool, as_json: bool, then: Callable[[], None] | None = None) -> None:
    """Take the rows in, telling how far it is; report, and end with the exit code that the report means."""
    with _progress(len(rows)) as done:
        results = Onboarding.from_env(by=BY).take(rows, dry_run=dry_run, done=done)
    if then:
        then()
    _report(results, dry_run=dry_run, as_json=as_json)
    raise typer.Exit(any(result.outcome == "refused" for result in results))


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """On standard error: a bar on a terminal, else a line now and then."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("cameras", total=total)

        def done(rows: int) -> None:
            progress.update(task, completed=rows)
            if progress.disable and total > rows:
                sys.stderr.write(f"{rows} of {total} cameras\n")

        yield done


def _put_rules() -> None:
    for rule in city.rules():
        Rules.writable_from_env().put(rule)


def _report(results: Sequence[Result], *, dry_run: bool, as_json: bool) -> None:
    counts = counted(results)
    if as_json:
        document = {"dry_run": dry_run, "counts": counts, "rows": [*map(asdict, results)]}
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    shown = [one for one in results if one.outcome == "refused"]
    shown += [one for one in results if one.outcome in {"added", "changed"}][: max(0, SHOWN - len(shown))]
    shown.sort(key=lambda one: one.number)
    _print(("Row", "Camera", "Outcome", "Why"), ((str(r.number), r.name, r.outcome, _why(r)) for r in shown))
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "no rows"
    typer.echo(f"{told}{' would be: nothing was changed' if dry_run else ''}")


def _why(result: Result) -> str:
    return "\n".join(map(str, result.complaints)) or ", ".join(result.fields)


def _leaves(told: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, value in told.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}={value}"


def _set(given: list[str] | None) -> frozenset[str]:
    return frozenset(given or ())


def _print(columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)
