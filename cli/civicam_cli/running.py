"""`civicam up`, `down` and `status`: the city on this machine as a whole."""

import json
from dataclasses import asdict
from importlib import import_module
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from civicam.contracts.errors import Rejected
from civicam_cli.deployment import use_deployment
from civicam_cli.embedded import life
from civicam_cli.embedded.city import City
from civicam_cli.embedded.deploying import left_out
from civicam_cli.places import LAPTOP, environment, home
from civicam_cli.status import Queue, Status, status_of


def up(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing unless something goes wrong.")] = False,
) -> None:
    """Start the city on this machine, bring it up to date with the checkout, recover it where it was killed."""
    start_city(quiet=quiet)
    if not quiet:
        _show(current_status())


def down() -> None:
    """Stop the city on this machine; its state is kept."""
    _must_be_here()
    stopped = life.bring_down(City(home()))
    typer.echo("the city is stopped, its state kept" if stopped else "the city was not up")


def status(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON document.")] = False,
) -> None:
    """What runs, where, and how full the queues are. Exit code 1 where the city is not up."""
    current = current_status()
    if as_json:
        typer.echo(json.dumps(asdict(current), indent=1))
    else:
        _show(current)


def start_city(*, quiet: bool = False) -> None:
    """What `civicam up` does, for commands that need the city: afterwards this process speaks to it."""
    _must_be_here()
    city, console = City(home()), Console(stderr=True, highlight=False)

    def say(line: str) -> None:
        if not quiet:
            console.print(f"[dim]\\[city][/dim] {line}")

    life.bring_up(city, say)
    use_deployment()
    if city.due("models").exists():
        say("putting the models into their bucket")
        models = import_module("civicam_cli.models")
        models.publish_models(import_module("civicam.aws.models").ModelStore.from_env(), models.usual(LAPTOP))
        city.due("models").unlink()
    if city.due("recovery").exists():
        say("rebuilding the tables and the lake's catalogue from S3")
        recover = import_module("civicam_cli.recover")
        recover.report(recover.recover_city(), dry_run=False)
        city.due("recovery").unlink()


def current_status() -> Status:
    """Of the city that this command line speaks to; raises Unavailable where it is not up."""
    deployment = use_deployment()
    city = City(home()) if environment() == LAPTOP else None
    return status_of(
        deployment,
        since=city.since() if city else None,
        processes=len(city.processes()) if city else 0,
        left_out=left_out(city) if city else {},
    )


def _must_be_here() -> None:
    if environment() != LAPTOP:
        raise Rejected("not_here", f"{environment()} does not run on this machine: `civicam deploy` is for accounts")


def _show(current: Status) -> None:
    console = Console(highlight=False, soft_wrap=True)
    where = current.address or f"AWS, {current.region}"
    console.print(
        f"[bold]{current.environment}[/bold]  {where}" + (f"  since {current.since}" if current.since else "")
    )
    if current.api_url:
        console.print(f"API   {current.api_url}")
    console.print(f"{len(current.functions)} functions, {len(current.tasks)} tasks, {current.processes} processes")
    console.print(_queues([queue for queue in current.queues if queue.total or not queue.dead]))
    for name, why in current.left_out.items():
        console.print(f"[dim]left out here: {name}: {why}[/dim]")


def _queues(queues: list[Queue]) -> Table:
    table = Table("queue", "waiting", "in hand", "delayed", box=None, pad_edge=False)
    for queue in queues:
        style = "red" if queue.dead else None
        table.add_row(queue.name, str(queue.waiting), str(queue.in_hand), str(queue.delayed), style=style)
    return table
