"""`civicam logs`: what functions and tasks said, one line a message, as it is said."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import boto3
import typer

from civicam.contracts.base import now
from civicam.contracts.errors import NotFound, Rejected
from civicam_cli.deployment import Deployment, use_deployment

POLL_SECONDS = 0.5
SETTLE_SECONDS = 3
"""Messages may come this much out of order; what is older than that is not looked at again."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FRAME = re.compile(r"^(START|END|REPORT|INIT_START) ?")
_SHOWN_APART = {"level", "message", "timestamp", "service", "location"}


def logs(
    name: Annotated[
        str, typer.Argument(help="A function, such as vision/judge_clip, or a task, such as detector.")
    ] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is said from now on.")] = False,
    since: Annotated[str, typer.Option(help="How far back: 30s, 10m, 2h, 1d.")] = "10m",
    raw: Annotated[bool, typer.Option("--raw", help="Messages as they were written.")] = False,
) -> None:
    """What functions and tasks said."""
    deployment = use_deployment()
    started = now() - span(since)
    groups = log_groups(deployment, name)
    for line in read(groups, started, follow=follow):
        text = line.message if raw else readable(line.message)
        if text:
            typer.echo(f"{line.moment:%H:%M:%S.%f}"[:-3] + f" {line.source}  {text}")


@dataclass(frozen=True)
class Line:
    """One message."""

    moment: datetime
    source: str
    """The function or task."""
    message: str
    id: str


def span(text: str) -> timedelta:
    """`10m` as a time span; raises Rejected for anything else."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match:
        raise Rejected("malformed_span", f"{text!r} is no span of time: write 30s, 10m, 2h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def log_groups(deployment: Deployment, name: str = "") -> dict[str, str]:
    """The city's log groups by the function or task that writes them; raises NotFound where `name` is none of them."""
    found: dict[str, str] = {}
    for prefix in (f"/aws/lambda/civicam-{deployment.environment}-", f"/civicam/{deployment.environment}/"):
        pages = boto3.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        found |= {
            one["logGroupName"].removeprefix(prefix): one["logGroupName"] for page in pages for one in page["logGroups"]
        }
    wanted = name.rpartition("/")[2]
    if wanted and wanted not in found:
        raise NotFound(f"nothing called {name!r} writes logs: there are {', '.join(sorted(found))}")
    return {wanted: found[wanted]} if wanted else found


def read(groups: dict[str, str], started: datetime, *, follow: bool) -> Iterator[Line]:
    """Messages since then, in the order of time; with `follow` without an end, each once."""
    seen: dict[str, datetime] = {}
    while True:
        horizon = now() - timedelta(seconds=SETTLE_SECONDS)
        fresh = [
            line for source, group in groups.items() for line in _since(source, group, started) if line.id not in seen
        ]
        yield from sorted(fresh, key=lambda line: line.moment)
        if not follow:
            return
        seen |= {line.id: line.moment for line in fresh}
        started = max(started, horizon)
        seen = {line_id: moment for line_id, moment in seen.items() if moment >= started}
        time.sleep(POLL_SECONDS)


def readable(message: str) -> str:
    """A structured message as level, text and the rest; empty for the runtime's own frame around an invocation."""
    text = message.rstrip()
    if _FRAME.match(text):
        return ""
    try:
        said: Any = json.loads(text)
    except ValueError:
        return text
    if not isinstance(said, dict) or "message" not in said:
        return text
    rest = " ".join(f"{name}={_short(value)}" for name, value in said.items() if _is_ours(name))
    return f"{said.get('level', 'INFO'):7} {_short(said['message'])}  {rest}".rstrip()


def _is_ours(name: str) -> bool:
    return name not in _SHOWN_APART and not name.startswith(("function_", "xray_", "cold_start"))


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _since(source: str, group: str, started: datetime) -> Sequence[Line]:
    pages = boto3.client("logs").get_paginator("filter_log_events")
    milliseconds = int(started.timestamp() * 1000)
    return [
        Line(datetime.fromtimestamp(event["timestamp"] / 1000, UTC), source, event["message"], _identity(event))
        for page in pages.paginate(logGroupName=group, startTime=milliseconds)
        for event in page["events"]
    ]


def _identity(event: Any) -> str:
    """Its id; the embedded AWS gives none, so there what it says and when."""
    return event.get("eventId") or f"{event.get('logStreamName')}/{event['timestamp']}/{event['message']}"
