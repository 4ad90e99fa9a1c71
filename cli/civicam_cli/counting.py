"""`civicam cameras count`: what a person counted at a camera, filed beside the city's own count."""

import re
from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from civicam.aws.manual_counts import ManualCounts
from civicam.aws.registry import Registry
from civicam.contracts.base import complaints, now
from civicam.contracts.counts import CountSheet, Deviation, ManualCount
from civicam.contracts.errors import Rejected
from civicam_cli.deployment import use_deployment

BY = "command-line"
_TALLY = re.compile(r"(?P<line_id>[^/=]+)/(?P<direction>[^/=]+)(/(?P<label>[^/=]+))?=(?P<count>\d+)")


def count(
    camera_id: str,
    tallies: Annotated[list[str], typer.Argument(metavar="LINE/DIRECTION[/LABEL]=COUNT...")],
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="2026-11-24T17:30:00+07:00")],
    minutes: Annotated[int, typer.Option(help="How long it was counted.")] = 15,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> None:
    """File what was counted by hand, such as `stop/forward/car=41 stop/forward/two_wheeler=230`; again does no harm."""
    sheet = read_sheet(start, minutes, tallies)
    use_deployment()
    filed = ManualCounts.from_env().file(Registry.from_env().camera(camera_id), sheet, by=BY, at=now())
    if as_json:
        typer.echo(filed.model_dump_json())
    else:
        _print(filed)


def read_sheet(start: datetime, minutes: int, tallies: list[str]) -> CountSheet:
    """The sheet that the command line describes; raises Rejected (`bad_count`)."""
    try:
        return CountSheet(start=start, minutes=minutes, tallies=tuple(map(_tally, tallies)))
    except ValidationError as error:
        raise Rejected("bad_count", complaints(error)) from error


def _tally(told: str) -> Any:
    found = _TALLY.fullmatch(told)
    if found is None:
        raise Rejected("bad_count", f"{told!r} is no tally: write line/direction=count or line/direction/label=count")
    return found.groupdict()


def _print(filed: ManualCount) -> None:
    table = Table("Line", "Direction", "Label", "By hand", "By the city", "Error", "95 %", box=None)
    for one in filed.tallies:
        table.add_row(one.line_id, one.direction, one.label or "all", *_told(one))
    table.add_row("", "", "together", *_told(filed.total))
    Console().print(table)
    typer.echo(f"the city had looked at {filed.covered:.0%} of the stretch")


def _told(one: Deviation) -> tuple[str, str, str, str]:
    bounds = f"{_share(one.error_low)} to {_share(one.error_high)}"
    return str(one.by_hand), f"{one.by_city:g}", _share(one.error_share), bounds


def _share(share: float | None) -> str:
    return "unbounded" if share is None else f"{share:+.0%}"
