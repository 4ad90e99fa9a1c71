"""`civicam doctor`: whether this machine, or an AWS account, has what the city needs."""

from typing import Annotated

import typer

from civicam_cli.account_checks import account_findings
from civicam_cli.checks import show
from civicam_cli.machine_checks import machine_findings
from civicam_cli.places import account_environment


def doctor(
    account: Annotated[
        bool,
        typer.Option("--account", help="Look at the AWS account of this machine's credentials instead of the machine."),
    ] = False,
) -> None:
    """Whether this machine, or an account, has what the city needs: ok, warn or fail, and the remedy."""
    findings = account_findings(account_environment()) if account else machine_findings()
    if not show(findings):
        raise typer.Exit(1)
