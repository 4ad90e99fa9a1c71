"""`civicam recover`: rebuild tables, catalogue and missing analyses from what lies in S3; here and on AWS alike."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from civicam.aws.recovery import City, Restored, Scope
from civicam.aws.recovery import recover as steps
from civicam.contracts.base import now
from civicam_cli.deployment import use_deployment
from civicam_cli.places import LAPTOP, environment

UNDER_WAY_SECONDS = 300
"""In an account that lives, what is younger may be under way: messages wait, batches are being written."""


def recover(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be repaired, and change nothing.")] = False,
    settle_seconds: Annotated[
        int | None,
        typer.Option(min=0, help="What is younger is under way: leave it alone. [default: 0 here, 300 in an account]"),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Leave alone what was captured before this UTC day.")
    ] = None,
) -> None:
    """Rebuild the city from S3: catalogue, registry, claims, alerts. What was never analysed is announced again."""
    report(recover_city(dry_run=dry_run, settle_seconds=settle_seconds, since=since), dry_run=dry_run)


def recover_city(
    *, dry_run: bool = False, settle_seconds: int | None = None, since: datetime | None = None
) -> list[Restored]:
    """Recover the city that this command line speaks to; each step is shown on standard error while it is done."""
    use_deployment()
    if settle_seconds is None:
        settle_seconds = 0 if environment() == LAPTOP else UNDER_WAY_SECONDS
    scope = Scope(settled=now() - timedelta(seconds=settle_seconds), dry_run=dry_run)
    if since is not None:
        scope = replace(scope, since=since.replace(tzinfo=UTC))
    with Console(stderr=True).status("starting") as status:
        return list(steps(City.from_env(), scope, lambda step: status.update(f"recovering: {step}")))


def report(done: list[Restored], *, dry_run: bool) -> None:
    """Print what was found and repaired, step by step."""
    table = Table("what", "found", "to repair" if dry_run else "repaired", "note", box=None, pad_edge=False)
    for restored in done:
        table.add_row(restored.what, str(restored.found), str(restored.repaired), restored.note)
    Console(highlight=False).print(table)
