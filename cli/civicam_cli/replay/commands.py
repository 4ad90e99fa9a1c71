"""`civicam replay`: plan, estimate, ask, start; look, stop, resume, compare."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from civicam.aws.replay_machine import ReplayMachine
from civicam.aws.replays import Replays
from civicam.contracts.errors import Rejected
from civicam_cli.deployment import use_deployment
from civicam_cli.moments import both
from civicam_cli.replay.comparing import diff
from civicam_cli.replay.screen import described, headline, print_estimate, print_progress, said
from civicam_cli.replay.wishes import planned, require_models, wish_of

app = typer.Typer(help="Judge stored clips again with another model or other rules, beside their first facts.")
app.command("diff")(diff)
Run = Annotated[str, typer.Argument(help="The replay's id, as `civicam replay list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
WATCH_SECONDS, WATCH_PER_BATCH, WATCH_MOST = 1.0, 0.002, 10.0
"""Between two looks, longer where there are more markers to read."""


@app.callback(invoke_without_command=True)
def replay(  # noqa: PLR0917 - each is an option of the command line
    context: typer.Context,
    since: Annotated[
        str | None, typer.Option("--from", help="Clips that begin at or after it: `2026-11-24 08:00`, or RFC 3339.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="... and before it.")] = None,
    cameras: Annotated[str, typer.Option(help="Ids, separated by commas; all cameras unless said.")] = "",
    model: Annotated[
        list[str] | None, typer.Option(help="A model of `civicam models list`; once for each task.")
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(help="TOML: a table an analytic with the parameters that differ.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Start without asking.")] = False,
    wait: Annotated[bool, typer.Option(help="Show the progress until it ends.")] = True,
    as_json: AsJson = False,
) -> None:
    """Replay stored clips: say what it takes, ask, start, show the progress. Exit code 1 where it does not finish."""
    if context.invoked_subcommand is not None:
        return
    if since is None or until is None:
        raise Rejected("missing", "say what to replay: --from and --to (`civicam replay --help` shows the commands)")
    wish = wish_of(since, until, cameras=cameras, models=model or (), rules=rules)
    if not yes and not sys.stdin.isatty():
        raise Rejected("not_asked", "a replay costs money and nobody can be asked here: give --yes")
    deployment = use_deployment()
    require_models(wish)
    plan = planned(deployment, wish)
    print_estimate(plan, Console(stderr=True))
    if not yes and not typer.confirm("Start it?", err=True):
        typer.echo(f"Not started. `civicam replay resume {plan.run}` starts it.", err=True)
        raise typer.Exit(1)
    ReplayMachine.from_env().start(plan.run)
    _follow(plan.run, wait=wait, as_json=as_json)


@app.command("list")
def list_replays(as_json: AsJson = False) -> None:
    """The replays of the last 30 days, the newest first."""
    use_deployment()
    machine = ReplayMachine.from_env()
    found = [machine.progress(known.run) for known in Replays.from_env().all()]
    if as_json:
        typer.echo(json.dumps([described(progress) for progress in found], ensure_ascii=False))
        return
    for progress in found:
        typer.echo(f"{headline(progress)}\n    {both(progress.replay.wish.start)}: {said(progress.replay)}")


@app.command()
def show(run: Run, as_json: AsJson = False) -> None:
    """What was asked for, how far it is, and each clip that failed with its reason."""
    use_deployment()
    progress = ReplayMachine.from_env().progress(run)
    if as_json:
        typer.echo(json.dumps(described(progress), ensure_ascii=False))
        return
    print_estimate(progress.replay, Console())
    print_progress(progress, Console())


@app.command()
def stop(run: Run) -> None:
    """Stop a replay: what is done stays, the clips in hand are finished."""
    use_deployment()
    ReplayMachine.from_env().stop(run)
    typer.echo(f"{run} is stopped. `civicam replay resume {run}` goes on where it was.", err=True)


@app.command()
def resume(
    run: Run,
    wait: Annotated[bool, typer.Option(help="Show the progress until it ends.")] = True,
    as_json: AsJson = False,
) -> None:
    """Start a replay that was planned, or go on with one that was stopped or failed."""
    use_deployment()
    ReplayMachine.from_env().start(run)
    _follow(run, wait=wait, as_json=as_json)


def _follow(run: str, *, wait: bool, as_json: bool) -> None:
    """Show the batches until the replay ends. Ctrl-C ends the showing alone."""
    machine = ReplayMachine.from_env()
    try:
        if wait:
            _show_bar(machine, run)
    except KeyboardInterrupt:
        typer.echo(f"\n{run} goes on: `civicam replay show {run}` looks, `stop` ends it.", err=True)
    progress = machine.progress(run)
    if as_json:
        typer.echo(json.dumps(described(progress), ensure_ascii=False))
    else:
        print_progress(progress, Console())
    raise typer.Exit(0 if progress.state in {"finished", "running"} else 1)


def _show_bar(machine: ReplayMachine, run: str) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(run, total=None)
        while not (progress := machine.progress(run)).is_over:
            bar.update(task, total=progress.replay.batches, completed=len(progress.done))
            time.sleep(min(WATCH_MOST, WATCH_SECONDS + WATCH_PER_BATCH * progress.replay.batches))
