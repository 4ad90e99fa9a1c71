"""`civicam cameras analysed`, `why`, `budget`, `request`, `occasion`: which are analysed, and what decides it."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from civicam.aws.allocations import Allocations, Wishes
from civicam.aws.health import HealthTable
from civicam.aws.registry import Registry
from civicam.cameras.allocation import Allocation
from civicam.cameras.calendar import Occasion
from civicam.cameras.candidates import candidate, usd_per_hour
from civicam.contracts.allocation import Budget, Request, Why
from civicam.contracts.base import complaints, now, utc_text
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Rejected
from civicam_cli.counting import BY
from civicam_cli.deployment import use_deployment
from civicam_cli.environments import environment_settings
from civicam_cli.moments import both, read_moment
from civicam_cli.places import environment

Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]
MOST_HOURS = 24 * 14
REMEDIES = {
    Why.CAPACITY: "set its profile's priority, risk or promise, ask for it (`civicam cameras request`), or give more "
    "places (`civicam cameras budget --cameras N`)",
    Why.BUDGET: "lower its profile's sampling_fps, or give more (`civicam cameras budget --usd-per-hour X`)",
    Why.BLIND: "see what is wrong with it (`civicam cameras health`): it has its place back once it sees",
}
"""What would have to change, by why a camera is passed over."""


def analysed(as_json: Json = False) -> None:
    """Which cameras are analysed now and why, what they cost an hour, and who is passed over."""
    use_deployment()
    table = Allocations.from_env()
    allocation, budget = table.standing().allocation, _budget(table.wishes()[0])
    cameras = sorted(Registry.from_env().all(), key=lambda one: (not allocation.analyses(one.camera_id), one.camera_id))
    told = [_told(camera, allocation) for camera in cameras]
    usd = sum(one["usd_per_hour"] for one in told if one["analysed"])
    if as_json:
        document = {"budget": budget.model_dump(), "usd_per_hour": round(usd, 4), "cameras": told}
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    shown = Table("Camera", "Name", "Unit", "Analysed", "Why", "Points", "USD an hour", box=None)
    for one in told:
        yes = "yes" if one["analysed"] else "no"
        points = "" if one["points"] is None else str(one["points"])
        usd_text = f"{one['usd_per_hour']:.4f}"
        shown.add_row(one["camera_id"], one["name"], one["unit_id"], yes, one["why"] or "", points, usd_text)
    Console().print(shown)
    chosen = sum(1 for one in told if one["analysed"] and one["why"])
    bound = "" if budget.usd_per_hour is None else f", at most {budget.usd_per_hour:.2f} USD an hour"
    typer.echo(f"{chosen} of {budget.cameras} places taken{bound}; about {usd:.4f} USD an hour")


def why(camera_id: str, as_json: Json = False) -> None:
    """Why a camera is analysed, or is not, since when, and what would have to change."""
    use_deployment()
    camera, at, table = Registry.from_env().camera(camera_id), now(), Allocations.from_env()
    known, request = HealthTable.from_env().of([camera_id]), table.requests(at).get(camera_id)
    one = candidate(camera, known[camera_id].health if known else None, request, table.wishes()[0].occasions, at)
    told = _told(camera, table.standing().allocation) | {
        "known": one.model_dump(mode="json", exclude={"camera_id"}) if one else None
    }
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    typer.echo("\n".join(_sentences(told)))


def budget(
    cameras: Annotated[int | None, typer.Option(min=0, help="How many are analysed at one time.")] = None,
    usd_per_hour: Annotated[
        float | None, typer.Option(min=0, help="For how much at most; 0 takes the bound away.")
    ] = None,
    as_json: Json = False,
) -> None:
    """How many cameras are analysed, and for how much; with options, changed from the next minute on."""
    use_deployment()
    table = Allocations.from_env()
    wishes, version = table.wishes()
    standing = _budget(wishes)
    if cameras is not None or usd_per_hour is not None:
        bound = standing.usd_per_hour if usd_per_hour is None else usd_per_hour or None
        standing = Budget(cameras=standing.cameras if cameras is None else cameras, usd_per_hour=bound)
        table.wish(wishes.model_copy(update={"budget": standing}), version)
    if as_json:
        typer.echo(standing.model_dump_json())
        return
    bound_text = "no bound in dollars" if standing.usd_per_hour is None else f"{standing.usd_per_hour} USD an hour"
    typer.echo(f"{standing.cameras} cameras at one time, {bound_text}")


def request(
    camera_id: str,
    hours: Annotated[float, typer.Option(min=0, max=MOST_HOURS, help="For so long; 0 withdraws it.")] = 4,
) -> None:
    """Ask that a camera be analysed for some hours: before every priority, after every promise."""
    use_deployment()
    Registry.from_env().camera(camera_id)
    table = Allocations.from_env()
    if not hours:
        table.withdraw(camera_id)
        typer.echo(f"{camera_id}: nobody asks for it any more")
        return
    until = now() + timedelta(hours=hours)
    table.request(camera_id, Request(until=until, by=BY))
    typer.echo(f"{camera_id}: asked for until {both(until)}; `civicam cameras why {camera_id}` tells what became of it")


def occasion(
    name: str,
    first: Annotated[str | None, typer.Option(help="Its first day, of the city: 2026-12-15.")] = None,
    last: Annotated[str | None, typer.Option(help="Its last day; else the first.")] = None,
    unit: Annotated[list[str] | None, typer.Option(help="Only at this unit; may be given again.")] = None,
    weight: Annotated[int, typer.Option(min=1, max=3, help="How much more places matter then.")] = 1,
    remove: Annotated[bool, typer.Option(help="Take it out again.")] = False,
) -> None:
    """Days on which places matter more, such as a match; the country's holidays and Tet are known already."""
    begin, end = _day(first) if first else None, _day(last or first) if first else None
    if not remove and begin is None:
        raise Rejected("bad_occasion", f"give --first for occasion {name}, or --remove")
    use_deployment()
    table = Allocations.from_env()
    wishes, version = table.wishes()
    others = [one for one in wishes.occasions if one.name != name]
    if remove and len(others) == len(wishes.occasions):
        raise Rejected("unknown_occasion", f"there is no occasion {name}: there are {_names(wishes.occasions)}")
    try:
        told = {"name": name, "first": begin, "last": end, "units": tuple(unit or ()), "weight": weight}
        added = [] if remove else [Occasion.model_validate(told)]
    except ValidationError as error:
        raise Rejected("bad_occasion", complaints(error)) from error
    kept = sorted((*others, *added), key=lambda one: (one.first, one.name))
    table.wish(wishes.model_copy(update={"occasions": tuple(kept)}), version)
    typer.echo(f"occasions: {_names(kept)}")


def _budget(wishes: Wishes) -> Budget:
    return wishes.budget or Budget.model_validate(environment_settings(environment())["analysed"])


def _told(camera: Camera, allocation: Allocation) -> dict[str, Any]:
    verdict = allocation.verdicts.get(camera.camera_id)
    return {
        "camera_id": camera.camera_id,
        "name": camera.name,
        "unit_id": camera.unit_id,
        "analysed": allocation.analyses(camera.camera_id),
        "why": verdict.why.value if verdict else None,
        "points": verdict.points if verdict else None,
        "since": utc_text(verdict.since) if verdict else None,
        "usd_per_hour": round(usd_per_hour(camera), 4),
    }


def _sentences(told: dict[str, Any]) -> Iterable[str]:
    known, reason = told["known"], told["why"]
    if reason is None and known is None:
        yield f"{told['name']}: holds no place, for its profile, schedule, agreement or source asks for none now"
        return
    if reason is None:
        yield f"{told['name']}: analysed, for nobody has chosen since it was registered or began its shift"
    else:
        yes = "analysed" if told["analysed"] else "not analysed"
        yield f"{told['name']}: {yes} ({reason}) since {both(datetime.fromisoformat(told['since']))}"
    if known:
        facts = (f"{name} {value}" for name, value in known.items() if name != "request")
        asked = f", asked for until {known['request']['until']}" if known["request"] else ""
        yield f"  {', '.join(facts)}{asked}"
    if reason in REMEDIES and not told["analysed"]:
        yield f"  to have it analysed: {REMEDIES[reason]}"


def _day(text: str | None) -> Any:
    return read_moment(text or "").date()


def _names(occasions: Iterable[Occasion]) -> str:
    return ", ".join(f"{one.name} ({one.first} to {one.last})" for one in occasions) or "none"
