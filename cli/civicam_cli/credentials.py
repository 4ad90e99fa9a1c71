"""`civicam cameras credentials`: what opens an owner's sources. It is typed or piped in, and never printed."""

import sys
from typing import Annotated

import typer
from pydantic import ValidationError

from civicam.aws.vault import Vault
from civicam.contracts.credentials import Credentials
from civicam.contracts.errors import Rejected
from civicam_cli.deployment import use_deployment

app = typer.Typer(no_args_is_help=True, help="What opens owners' sources: written, never read back.")


@app.callback()
def credentials() -> None:
    """What opens owners' sources: written, never read back."""


@app.command("set")
def set_credentials(
    reference: Annotated[str, typer.Argument(help="As the sources name it: `credentials` of the camera's source.")],
    owner: Annotated[str, typer.Option(help="Whose cameras they open.")],
    origin: Annotated[list[str], typer.Option(help="https://host or http://host:port; may be given again.")],
    scheme: Annotated[
        str, typer.Option(help="basic, digest or bearer: the only way in which they are shown.")
    ] = "digest",
    username: Annotated[str, typer.Option(help="Left out for a bearer token.")] = "",
) -> None:
    """Set the credentials of an owner's sources. The secret is asked for, or read from a pipe: never an argument."""
    secret = typer.prompt("Secret", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    told = {"scheme": scheme, "username": username, "secret": secret, "origins": tuple(origin)}
    try:
        held = Credentials.model_validate(told)
    except ValidationError as error:
        why = "; ".join(str(each["msg"]) for each in error.errors(include_input=False, include_context=False))
        raise Rejected("malformed_credentials", why) from None
    use_deployment()
    Vault.from_env().write(owner, reference, held)
    typer.echo(f"{reference} of {owner} is set: {scheme} for {', '.join(held.origins)}")
