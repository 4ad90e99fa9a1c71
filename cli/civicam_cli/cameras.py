"""`civicam cameras`: the registry of cameras, imported from files, listed, shown; what people counted there."""

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from civicam.aws.manual_counts import ManualCounts
from civicam.aws.registry import Registry
from civicam.cameras.changes import Step, steps
from civicam.cameras.geojson import feature
from civicam.cameras.units import units
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Rejected
from civicam_cli import allocation, credentials, onboarding
from civicam_cli.counting import count
from civicam_cli.deployment import use_deployment
from civicam_cli.dropping import drop
from civicam_cli.health import coverage, health
from civicam_cli.moments import both, read_moment

app = typer.Typer(
    no_args_is_help=True,
    help="The registry of cameras: import, export, change, list, show, history, units, count; which are analysed, why; "
    "health, coverage.",
)
app.command("import")(onboarding.import_cameras)
app.command("export")(onboarding.export_cameras)
app.command("change")(onboarding.change_cameras)
app.command("templates")(onboarding.list_templates)
app.command()(count)
app.command()(health)
app.command()(coverage)
for command in (allocation.analysed, allocation.why, allocation.budget, allocation.request, allocation.occasion):
    app.command()(command)
app.command()(drop)
app.add_typer(credentials.app, name="credentials")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")


@app.command("list")
def list_cameras(
    unit: Annotated[
        list[str] | None, typer.Option(help="Only cameras of this unit, by id or name; may be given again.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="The unit as it was then: 2019-06-15. Now where none is given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A GeoJSON document that `import` takes.")] = False,
) -> None:
    """List the cameras by unit and name. Their places stay: `--unit district-1 --at 2019-06-15` names what stood there.

    Where a unit was divided since, a place may lie in each of its parts, and is listed with each.
    """
    moment = read_moment(at) if at else now()
    wanted = {_unit_id(one, moment) for one in unit or []}
    use_deployment()
    found = [(camera, units().at(camera.unit_id, moment)) for camera in Registry.from_env().all()]
    _list([(camera, then) for camera, then in found if not wanted or wanted & {*then}], as_json=as_json)


def _list(found: list[tuple[Camera, tuple[str, ...]]], *, as_json: bool) -> None:
    found.sort(key=lambda one: (one[1], one[0].name))
    if as_json:
        document = {"type": "FeatureCollection", "features": [feature(camera) for camera, _ in found]}
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    columns = ("Camera", "Name", "Unit", "Owner", "Source", "Version")
    _print(columns, ((c.camera_id, c.name, ", ".join(u), c.owner_id, c.source.kind, str(c.version)) for c, u in found))


def _unit_id(told: str, moment: datetime) -> str:
    """A unit of the city, or, where the city has none that is called so, what cameras may bear all the same."""
    try:
        return units().named(told, moment).id
    except Rejected as error:
        if error.reason == "unknown_unit" and SLUG.fullmatch(told):
            return told
        raise


@app.command("units")
def list_units(
    text: Annotated[str, typer.Argument(help="Part of a name, marks forgiven: `ben nghe`.")] = "",
    at: Annotated[str | None, typer.Option(help="Only those that existed then: 2019-06-15.")] = None,
) -> None:
    """The city's units of all times, and who took over whose ground."""
    found = units().search(text, read_moment(at) if at else None)
    columns = ("Unit", "Name", "Kind", "From", "To", "Followed by")
    rows = (
        (u.id, u.name, u.kind, str(u.valid_from or "-"), str(u.valid_to or "-"), ", ".join(u.successors)) for u in found
    )
    _print(columns, rows)


@app.command()
def show(
    camera_id: str,
    version: Annotated[int | None, typer.Option(help="A past version instead of the current one.")] = None,
) -> None:
    """Print one camera as JSON, with the last counts that people made there and the error of the city's own."""
    use_deployment()
    registry = Registry.from_env()
    camera = registry.camera_version(camera_id, version) if version else registry.camera(camera_id)
    counts = [filed.model_dump(mode="json") for filed in ManualCounts.from_env().of_camera(camera_id)]
    document = camera.model_dump(mode="json") | {"manual_counts": counts}
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


@app.command()
def history(
    camera_id: str,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> None:
    """Every change of one camera: who made it, when, and what it changed."""
    use_deployment()
    made = steps(Registry.from_env().history(camera_id))
    if as_json:
        typer.echo(json.dumps([step.model_dump(mode="json") for step in made], ensure_ascii=False))
        return
    _print(("Version", "When", "Who", "What"), (_told(step) for step in made))


def _told(step: Step) -> tuple[str, str, str, str]:
    when, who = (both(step.changed.at), step.changed.by) if step.changed else ("-", "-")
    what = "\n".join(f"{one.field}: {one.before} -> {one.after}" for one in step.fields)
    return str(step.version), when, who, escape(what or "registered")


def _print(columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
