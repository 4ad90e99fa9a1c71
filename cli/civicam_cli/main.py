"""The command `civicam`: the city on this machine or in an AWS account, and the tools around it."""

import os
import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from civicam.contracts.errors import CityError
from civicam_cli.frame import Entry, LateGroup

CITY, CONTENT, ACCOUNT = "The city", "What is in it", "An AWS account"


class Commands(LateGroup):
    """Every command of civicam."""

    entries = {  # noqa: RUF012 - the base class declares it as a Mapping
        "up": Entry("running:up", "Start the city on this machine and bring it up to date with the checkout.", CITY),
        "down": Entry("running:down", "Stop the city; its state is kept.", CITY),
        "status": Entry("running:status", "What runs, where, and how full the queues are.", CITY),
        "demo": Entry("demo.demo:demo", "Send real footage the whole way and show what becomes of it.", CITY),
        "logs": Entry("logs:logs", "What functions and tasks said.", CITY),
        "dead-letters": Entry("dead_letters:app", "Messages that failed to the last try: look, redrive.", CITY),
        "recover": Entry("recover:recover", "Rebuild the tables and the lake's catalogue from S3.", CITY),
        "cameras": Entry("cameras:app", "The registry of cameras: import, list, show, history.", CONTENT),
        "owners": Entry("owners:app", "The owners of cameras: set, list.", CONTENT),
        "edge": Entry("edge.commands:app", "Recorders at the edge, and cameras found on a network.", CONTENT),
        "models": Entry("models:app", "The catalogue of models and their files.", CONTENT),
        "analyse": Entry("analyse:analyse", "Analyse files with the functions' own code, without AWS.", CONTENT),
        "bench": Entry("bench.command:app", "Measure this machine: cameras, CPU seconds, latency, quality.", CONTENT),
        "simulate": Entry(
            "simulation.simulate:simulate", "A fleet with faults on loopback, and what became of every clip.", CONTENT
        ),
        "replay": Entry(
            "replay.commands:app", "Judge stored clips with another model or other rules; compare.", CONTENT
        ),
        "lake": Entry("lake:app", "Ask the lake of facts in SQL.", CONTENT),
        "api": Entry("api:app", "The HTTP API: its address, its OpenAPI document, a token for it.", CONTENT),
        "doctor": Entry("doctor:doctor", "Whether this machine, or an account, has what the city needs.", ACCOUNT),
        "deploy": Entry("account:deploy", "Deploy to the account of the environment, after a look at it.", ACCOUNT),
        "destroy": Entry("account:destroy", "Take the city out of that account again.", ACCOUNT),
    }


program = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"civicam {version('civicam')}")
        raise typer.Exit


@program.callback()
def civicam(
    city: Annotated[
        Path | None,
        typer.Option(help="Folder of the city on this machine: another folder is another city. (Or CIVICAM_HOME.)"),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(help="laptop, or what was deployed to an AWS account. (Or CIVICAM_ENVIRONMENT.)"),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """A city's cameras: footage in, facts and alerts out; on AWS, or on the AWS inside this machine."""
    for name, value in (("CIVICAM_HOME", city), ("CIVICAM_ENVIRONMENT", environment), ("CIVICAM_DEBUG", debug or None)):
        if value is not None:
            os.environ[name] = str(value)


def app() -> None:
    """Run the command line. What goes wrong is one line on stderr and exit code 1; with --debug, the traceback."""
    try:
        program()
    except CityError as error:
        _fail(f"civicam: {error}")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        _fail(f"civicam: unexpected {type(error).__name__}: {error} (--debug shows where)")


def _fail(line: str) -> None:
    if os.environ.get("CIVICAM_DEBUG"):
        traceback.print_exc()
    sys.stderr.write(f"{line}\n")
    sys.exit(1)
