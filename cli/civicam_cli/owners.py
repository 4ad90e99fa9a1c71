"""`civicam owners`: whom the city's cameras belong to."""

import json
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from civicam.aws.owners import Owners
from civicam.contracts.base import complaints
from civicam.contracts.errors import Rejected
from civicam.contracts.owners import Owner, OwnerKind
from civicam_cli.counting import BY
from civicam_cli.deployment import use_deployment

app = typer.Typer(no_args_is_help=True, help="The owners of cameras: set, list.")


@app.command("set")
def set_owner(
    owner_id: str,
    name: Annotated[str, typer.Option(help="As people call it: Trường THCS Lê Lợi.")],
    kind: Annotated[OwnerKind, typer.Option(help="A school, hospital, shop or home agrees camera by camera.")],
    contact: Annotated[str | None, typer.Option(help="Its entry in the city's address book.")] = None,
) -> None:
    """Register an owner, or change its entry; the same again changes nothing."""
    try:
        owner = Owner(owner_id=owner_id, name=name, kind=kind, contact=contact)
    except ValidationError as error:
        raise Rejected("bad_owner", complaints(error)) from error
    use_deployment()
    _, change = Owners.from_env().put(owner, by=BY)
    typer.echo(f"{owner_id}: {change}")


@app.command("list")
def list_owners(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> None:
    """List the owners by kind and name."""
    use_deployment()
    found = sorted(Owners.from_env().all(), key=lambda owner: (owner.kind, owner.name))
    if as_json:
        typer.echo(json.dumps([owner.model_dump(mode="json") for owner in found], ensure_ascii=False))
        return
    table = Table("Owner", "Name", "Kind", "Contact", "Version", box=None)
    for owner in found:
        table.add_row(owner.owner_id, owner.name, owner.kind, owner.contact or "-", str(owner.version))
    Console().print(table)
