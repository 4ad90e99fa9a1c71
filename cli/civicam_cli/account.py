"""`civicam deploy` and `destroy`: the same stacks in an AWS account."""

import os
from typing import Annotated

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from civicam.aws.models import ModelStore
from civicam.contracts.errors import Rejected, Unavailable
from civicam_cli.account_checks import account_findings
from civicam_cli.checks import show
from civicam_cli.deployment import use_deployment
from civicam_cli.embedded.cdk import run_cdk_in_terminal
from civicam_cli.environments import environment_settings
from civicam_cli.models import publish_models, usual
from civicam_cli.places import account_environment


def deploy(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask about changes of rights.")] = False,
    bootstrap: Annotated[bool, typer.Option("--bootstrap", help="Bootstrap the Region for the CDK first.")] = False,
) -> None:
    """Deploy to the account of this machine's credentials, after a look at what it allows."""
    environment = account_environment()
    if bootstrap:
        _run(["bootstrap", f"aws://{_account_number()}/{environment_settings(environment)['region']}"])
    if not show(account_findings(environment)):
        raise Rejected("account_not_ready", "nothing was deployed: mend what failed above, then run this again")
    _run(["deploy", "--all", *_app(environment), "--require-approval", "never" if yes else "broadening"])
    os.environ["CIVICAM_ENVIRONMENT"] = environment
    use_deployment()
    for model in publish_models(ModelStore.from_env(), usual(environment)):
        typer.echo(f"model {model.name} is in its bucket")


def destroy(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the city out of that account again; buckets and tables that are protected stay."""
    environment = account_environment()
    account = _account_number()
    if not yes:
        typer.confirm(f"Take environment {environment} out of account {account}?", abort=True)
    _run(["destroy", "--all", *_app(environment), "--force"])


def _account_number() -> str:
    try:
        return str(boto3.client("sts").get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"no AWS account can be reached: {error}: sign in and run this again") from error


def _app(environment: str) -> list[str]:
    return ["--context", f"environment={environment}"]


def _run(arguments: list[str]) -> None:
    code = run_cdk_in_terminal(arguments)
    if code:
        raise typer.Exit(code)
