"""`civicam cameras health` and `coverage`: which cameras see, how long they did, and what of it was analysed."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from civicam.aws.allocating import AllocatedTimes
from civicam.aws.claims import Claims
from civicam.aws.coverage import coverage_of
from civicam.aws.health import HealthTable
from civicam.aws.registry import Registry
from civicam.cameras.coverage import Coverage, Stretch
from civicam.cameras.health import Health
from civicam.cameras.uptime import Period, Uptime, summed, uptime
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Rejected
from civicam_cli.deployment import use_deployment

A_DAY = timedelta(days=1)
Owners = Annotated[list[str] | None, typer.Option("--owner", help="Only this owner's cameras; may be given again.")]
Units = Annotated[list[str] | None, typer.Option("--unit", help="Only cameras of this unit; may be given again.")]
Start = Annotated[str | None, typer.Option("--from", help="RFC 3339, such as 2026-11-30T00:00+07:00; else a day ago.")]
End = Annotated[str | None, typer.Option("--to", help="The same; else now.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")]


def health(
    owner: Owners = None, unit: Units = None, start: Start = None, end: End = None, as_json: Json = False
) -> None:
    """Which cameras see now, why others do not, and for how much of the time owners' and units' cameras did."""
    use_deployment()
    begin, until = _period(start, end)
    period = Period(begin, until)
    cameras = _chosen(owner, unit)
    found = HealthTable.from_env().histories((one.camera_id for one in cameras), begin, until)
    times = {camera_id: uptime(changes, standing, period) for camera_id, (changes, standing) in found.items()}
    current = {camera_id: standing for camera_id, (_, standing) in found.items()}
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "from": utc_text(begin),
                    "to": utc_text(until),
                    "cameras": [
                        {"camera_id": one.camera_id, "name": one.name, "owner_id": one.owner_id, "unit_id": one.unit_id}
                        | current[one.camera_id].model_dump(mode="json", include={"state", "reasons", "since"})
                        | _told(times[one.camera_id])
                        for one in cameras
                    ],
                    "owners": _by(cameras, times, period, lambda one: one.owner_id),
                    "units": _by(cameras, times, period, lambda one: one.unit_id),
                },
                ensure_ascii=False,
            )
        )
        return
    columns = ("Camera", "Name", "Unit", "Owner", "State", "Why", "Since", "Uptime")
    _print(columns, (_row(one, current[one.camera_id], times[one.camera_id]) for one in cameras))
    for title, name in (("Owner", "owner_id"), ("Unit", "unit_id")):
        groups = _by(cameras, times, period, lambda one, name=name: str(getattr(one, name)))  # type: ignore[misc]
        rows = ((key, str(told["cameras"]), _percent(told["uptime"])) for key, told in groups.items())
        _print((title, "Cameras", "Uptime"), rows)


def coverage(
    owner: Owners = None, unit: Units = None, start: Start = None, end: End = None, as_json: Json = False
) -> None:
    """What share of the promised camera-minutes was really analysed, by analytic, and where the rest of it went."""
    use_deployment()
    begin, until = _period(start, end)
    registry, claims, chosen = Registry.from_env(), Claims.from_env(), AllocatedTimes.of(Stretch(begin, until))
    whole: dict[str, Coverage] = {}
    for camera in _chosen(owner, unit):
        versions, allocated = registry.history(camera.camera_id), chosen.at(camera.camera_id)
        for analytic, one in coverage_of(claims, versions, chosen.period, allocated).items():
            whole[analytic] = whole.get(analytic, Coverage()) + one
    if as_json:
        told = {analytic: told_coverage(one) for analytic, one in sorted(whole.items())}
        document = {"from": utc_text(begin), "to": utc_text(until), "analytics": told}
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    rows = (
        (
            analytic,
            f"{one.promised_ms / 60_000:.1f}",
            f"{one.analysed_ms / 60_000:.1f}",
            _percent(one.share),
            _lost(one),
        )
        for analytic, one in sorted(whole.items())
    )
    _print(("Analytic", "Promised min", "Analysed min", "Coverage", "Gap"), rows)


def told_coverage(one: Coverage) -> dict[str, Any]:
    """Camera-minutes: promised, analysed, and the gap by reason."""
    return {
        "promised_min": one.promised_ms / 60_000,
        "analysed_min": one.analysed_ms / 60_000,
        "coverage": one.share,
        "gap_min": {reason: lost / 60_000 for reason, lost in sorted(one.gap_ms.items())},
    }


def _chosen(owners: Sequence[str] | None, units: Sequence[str] | None) -> list[Camera]:
    found = [
        camera
        for camera in Registry.from_env().all()
        if (not owners or camera.owner_id in owners) and (not units or camera.unit_id in units)
    ]
    return sorted(found, key=lambda camera: (camera.unit_id, camera.name, camera.camera_id))


def _period(start: str | None, end: str | None) -> tuple[datetime, datetime]:
    until = _moment(end) if end else now()
    begin = _moment(start) if start else until - A_DAY
    if begin >= until:
        raise Rejected("malformed_period", f"--from {utc_text(begin)} must be before --to {utc_text(until)}")
    return begin, until


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Rejected("malformed_period", f"{text!r} is no time: write 2026-11-30T08:00+07:00") from error
    if moment.tzinfo is None:
        raise Rejected("malformed_period", f"{text!r} has no offset: write {text}+07:00 for the city's own time")
    return moment


def _row(camera: Camera, standing: Health, time: Uptime) -> tuple[str, ...]:
    state, why, since = standing.state, ", ".join(standing.reasons), utc_text(standing.since)
    return camera.camera_id, camera.name, camera.unit_id, camera.owner_id, state, why, since, _percent(time.share)


def _by(
    cameras: Iterable[Camera], times: dict[str, Uptime], period: Period, key: Callable[[Camera], str]
) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Uptime]] = {}
    for camera in cameras:
        groups.setdefault(key(camera), []).append(times[camera.camera_id])
    return {name: _told(summed(group, period)) for name, group in sorted(groups.items())}


def _told(one: Uptime) -> dict[str, Any]:
    return {"cameras": one.cameras, "uptime": one.share, "seconds": one.seconds}


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"


def _lost(one: Coverage) -> str:
    lost = sorted(one.gap_ms.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{reason} {part / 60_000:.1f}" for reason, part in lost)


def _print(columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
