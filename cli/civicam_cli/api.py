"""`civicam api`: where the HTTP API is, its OpenAPI document, and a token for it."""

import secrets
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import boto3
import typer

from civicam.contracts.errors import Inconsistent, Rejected
from civicam.operations.policy import Role
from civicam_cli.deployment import Deployment, load_deployment, use_deployment
from civicam_cli.places import ROOT

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef

app = typer.Typer(no_args_is_help=True, help="The HTTP API: its address, its OpenAPI document, a token for it.")


@app.command()
def url() -> None:
    """Print the API's address."""
    typer.echo(load_deployment().outputs["ApiUrl"])


@app.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document of this checkout's API; the city need not be up."""
    made = [sys.executable, "-m", "functions.operations.api.document"]
    ended = subprocess.run(made, cwd=ROOT, check=False, stdout=subprocess.PIPE)  # another function's code: not imported
    if ended.returncode:
        raise Inconsistent("the API's document could not be made: see above")
    typer.echo(ended.stdout.decode())


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="What the caller is.")] = Role.OPERATOR,
    unit: Annotated[list[str] | None, typer.Option(help="A unit the caller works for; may be given again.")] = None,
    owner: Annotated[list[str] | None, typer.Option(help="An owner the caller answers for (role owner).")] = None,
) -> None:
    """Print an access token of the laptop's city, good for an hour, for a user of this role, these units and owners."""
    deployment = use_deployment()
    if deployment.endpoint_url is None:
        raise Rejected("not_the_laptop", "tokens are made for the laptop's city only: sign in as a person elsewhere")
    typer.echo(make_token(deployment, role, sorted(set(unit or [])), sorted(set(owner or []))))


def make_token(deployment: Deployment, role: Role, units: Sequence[str], owners: Sequence[str] = ()) -> str:
    """An access token for the user `<role>-<units>-<owners>`, made where missing, with a new password each time."""
    pool, client_id = deployment.outputs["UserPoolId"], deployment.outputs["UserPoolClientId"]
    username, password = "-".join([role, *units, *owners]), f"{secrets.token_urlsafe(24)}-aA1"
    cognito: CognitoIdentityProviderClient = boto3.client("cognito-idp")
    with suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(UserPoolId=pool, Username=username, MessageAction="SUPPRESS")
    claims = {"custom:units": " ".join(units), "custom:owners": " ".join(owners)}
    attributes: list[AttributeTypeTypeDef] = [{"Name": name, "Value": value} for name, value in claims.items()]
    cognito.admin_update_user_attributes(UserPoolId=pool, Username=username, UserAttributes=attributes)
    cognito.admin_set_user_password(UserPoolId=pool, Username=username, Password=password, Permanent=True)
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=username, GroupName=role)
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )
    return answer["AuthenticationResult"]["AccessToken"]
