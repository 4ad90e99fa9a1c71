"""`civicam edge`: codes and identities of recorders, and the cameras that a network shows."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from civicam.aws.addresses import Network
from civicam.aws.recorder_identity import RecorderIdentity
from civicam.aws.recorders import CODE_HOURS, Recorders
from civicam.aws.registry import Registry
from civicam.contracts.errors import CityError, NotFound, Rejected
from civicam_cli.deployment import use_deployment
from civicam_cli.edge.onvif import discovery as onvif
from civicam_cli.edge.onvif.device import Device
from civicam_cli.edge.onvif.discovery import Found
from civicam_cli.edge.onvif.soap import Login

app = typer.Typer(no_args_is_help=True, help="Recorders at the edge: codes, identities; cameras on a network.")


@app.command()
def code(
    camera_id: Annotated[str, typer.Argument(help="The camera that the recorder will deliver for.")],
    hours: Annotated[float, typer.Option(min=0.02, max=168, help="How long it may wait.")] = CODE_HOURS,
) -> None:
    """Print a code that makes one recorder of this camera, once."""
    use_deployment()
    Registry.from_env().camera(camera_id)
    typer.echo(Recorders.from_env().new_code(camera_id, hours))


@app.command()
def enrol(
    api: Annotated[str, typer.Option(help="The address of the city's API.")],
    identity: Annotated[Path, typer.Option(help="Where the identity is kept; only its owner may read it.")],
) -> None:
    """Become a recorder: change a code, read from standard input, for an identity. Needs no rights in AWS."""
    told = typer.prompt("Code", hide_input=True, err=True)
    made = RecorderIdentity.enrol(api, told, identity)
    typer.echo(f"recorder {made.kept.recorder_id} delivers for camera {made.kept.camera_id}; its identity: {identity}")


@app.command("list")
def list_recorders(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> None:
    """List the recorders: whose camera, since when, when last seen, whether revoked."""
    use_deployment()
    found = sorted(Recorders.from_env().all(), key=lambda one: (one.camera_id, one.enrolled_at))
    if as_json:
        typer.echo(json.dumps([vars(one) for one in found]))
        return
    table = Table("Recorder", "Camera", "Enrolled", "Seen", "Revoked", box=None)
    for one in found:
        table.add_row(one.recorder_id, one.camera_id, one.enrolled_at, one.seen_at or "", one.revoked_at or "")
    Console().print(table)


@app.command()
def revoke(
    recorder_id: Annotated[str | None, typer.Argument(help="One recorder.")] = None,
    camera: Annotated[str | None, typer.Option(help="Every recorder of this camera.")] = None,
) -> None:
    """Take an identity away: from this moment on its tokens and its secret open nothing."""
    use_deployment()
    recorders = Recorders.from_env()
    known = [one.recorder_id for one in recorders.all() if camera and one.camera_id == camera and not one.revoked_at]
    chosen = [*known, *([recorder_id] if recorder_id else [])]
    if not chosen:
        raise NotFound("no recorder is meant: name one, or give --camera of one that has some")
    for one in chosen:
        recorders.revoke(one)
        typer.echo(f"recorder {one} is revoked")


@app.command()
def discover(
    interface: Annotated[str, typer.Option(help="The address of this machine in the cameras' network.")],
    network: Annotated[list[str] | None, typer.Option(help="Where cameras may be, such as 192.168.1.0/24.")] = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=60, help="How long answers are waited for.")] = 4.0,
    login_file: Annotated[Path | None, typer.Option(help="Holds the devices' user:password.")] = None,
    to: Annotated[str, typer.Option(help="Whom to ask: the multicast group, or one device.")] = "239.255.255.250:3702",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> None:
    """Find the ONVIF cameras of a network, and ask each for its profiles, streams, snapshots and capabilities.

    A device is called only where `--network` says that cameras are, or at the interface's own /24.
    """
    networks = _networks(interface, network or [])
    login = _login(login_file)
    host, _, port = to.rpartition(":")
    devices = [_asked(found, networks, login) for found in onvif.discover(interface, seconds, (host, int(port)))]
    if as_json:
        typer.echo(json.dumps({"devices": devices}, ensure_ascii=False))
        return
    table = Table("Device", "Model", "Profile", "Picture", "Stream", "Snapshot", box=None)
    for device in devices:
        if "refused" in device:
            table.add_row(device["seen_at"], f"refused: {device['refused']}")
        for profile in device.get("profiles", ()):
            size = f"{profile['codec']} {profile['width']}x{profile['height']} {profile['fps']} fps"
            made = f"{device['manufacturer']} {device['model']}"
            table.add_row(device["seen_at"], made, profile["name"], size, profile["stream"], profile["snapshot"])
    Console().print(table)


def _asked(found: Found, networks: Sequence[Network], login: Login | None) -> dict[str, Any]:
    """What a device said, or why nothing: its first address that may be called counts."""
    said: dict[str, Any] = {"endpoint": found.endpoint, "seen_at": found.seen_at, "scopes": found.scopes}
    why = ""
    for url in found.addresses:
        try:
            return said | asdict(Device(url, networks, login).describe())
        except CityError as error:
            why = why or str(error)
    return said | {"refused": why}


def _networks(interface: str, told: Sequence[str]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(one) for one in told) or (ip_network(f"{interface}/24", strict=False),)
    except ValueError as error:
        raise Rejected("malformed_network", f"{error}: write one as 192.168.1.0/24") from error


def _login(file: Path | None) -> Login | None:
    if file is None:
        return None
    user, colon, password = file.read_text().strip().partition(":")
    if not colon or not user:
        raise Rejected("malformed_login", f"{file} holds no user:password")
    return Login(user, password)
