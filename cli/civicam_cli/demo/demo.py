"""The demo's course: city up, footage in, facts out, everything checked, a report written."""

import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from civicam.aws.lake import Lake
from civicam.contracts.base import now
from civicam.contracts.catalogue import BY_TYPE
from civicam.contracts.errors import Rejected
from civicam.contracts.facts import Fact
from civicam.contracts.ids import event_id
from civicam.contracts.vision import CrowdMeasured, VehiclesCounted
from civicam.contracts.watch import AlertRaised
from civicam.lake.schemas import table_name
from civicam.operations.policy import Role
from civicam_cli.api import make_token
from civicam_cli.demo.report import JUDGED, Observed, Report
from civicam_cli.demo.screen import Screen
from civicam_cli.demo.stage import FOLDER, Stage, demo_city, own_clip
from civicam_cli.demo.tap import Tap, open_tap
from civicam_cli.deployment import Deployment, load_deployment
from civicam_cli.embedded import life
from civicam_cli.embedded.city import City
from civicam_cli.embedded.deploying import left_out
from civicam_cli.lake import answer
from civicam_cli.places import home
from civicam_cli.receiver import Receiver, subscribe
from civicam_cli.running import start_city

PATIENCE = timedelta(seconds=60)
"""How long nothing may happen before the demo says what is missing."""


def demo(
    clip: Annotated[Path | None, typer.Option(help="Your own footage instead of the demo city's.")] = None,
) -> None:
    """Send real footage the whole way and show what becomes of it.

    On a terminal the city stays up until Ctrl-C. Elsewhere the demo ends by itself, with exit code 0 only if all that
    it expects arrived: each type of fact, an alert, its webhook, the rows in the lake. Writes var/demo/report.json.
    """
    if clip and not clip.is_file():
        raise Rejected("no_such_file", f"{clip} is not a file: name a video")
    began, was_up = now(), City(home()).running() is not None
    start_city()
    try:
        missing = _play(clip.resolve() if clip else None, Observed(began))
    finally:
        if not was_up:
            life.bring_down(City(home()))
    if missing:
        raise typer.Exit(1)


def _play(clip: Path | None, seen: Observed) -> list[str]:
    deployment, console = load_deployment(), Console(highlight=False)
    with (
        open_tap(deployment.outputs["BusName"]) as tap,
        subscribe(deployment.outputs["WebhookSecretArn"]) as receiver,
        _stage(deployment, clip) as stage,
    ):
        for note in stage.notes:
            console.print(f"[dim]{note}[/dim]")
        run = Run(deployment, tap, receiver, stage, seen, Screen(console, stage.names(), seen), own=clip is not None)
        report = run.to_its_end()
        run.tell(report)
        if console.is_terminal:
            run.until_interrupted()
    return report.missing


def _stage(deployment: Deployment, clip: Path | None) -> AbstractContextManager[Stage]:
    return own_clip(deployment, clip) if clip else demo_city(deployment)


@dataclass
class Run:
    """One demo that plays."""

    deployment: Deployment
    tap: Tap
    receiver: Receiver
    stage: Stage
    seen: Observed
    screen: Screen
    own: bool
    """One's own footage need not hold vehicles, faces or anything that an alert is raised for."""

    def to_its_end(self) -> Report:
        """Follow the facts until all that was recorded is judged and told, or nothing happens any more."""
        with self.screen.live():
            unsettled = self._follow()
            expected = _ids_by_table(self.seen.facts.values())
            rows = _rows_once_there(expected)
        report = self._report(rows, sorted(unsettled | _absent(expected, rows) | self._unknown_to_the_api()))
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "report.json").write_text(report.model_dump_json(indent=1) + "\n")
        return report

    def tell(self, report: Report) -> None:
        """The summary, and where to go on."""
        console = self.screen.console
        console.print(self.screen.table())
        console.print(
            f"{report.clips} clips, {sum(report.facts.values())} facts, {report.alerts} alerts,"
            f" {report.webhooks_verified} webhooks verified, {sum(report.lake_rows.values())} rows in the lake;"
            f" first fact after {report.first_fact_s} s"
        )
        for name in report.left_out:
            console.print(f"[dim]left out on this machine: {name}[/dim]")
        for what in report.missing:
            console.print(f"[red]missing: {what}[/red]")
        console.print(f"report: {os.path.relpath(FOLDER / 'report.json')}\nAPI: {report.api_url}/v1/docs")

    def until_interrupted(self) -> None:
        """Stay up: the pulled cameras go on."""
        self.screen.console.print("the city stays up; Ctrl-C ends it")
        try:
            with self.screen.live():
                while True:
                    self._take()
        except KeyboardInterrupt:
            sys.stderr.write("\n")

    def _follow(self) -> set[str]:
        """Take facts until every clip of the recorded time is settled; returns what is still open then, in words."""
        while self.stage.still_recording():
            self._take()
        clips, last = set(self.seen.clips), now()
        while (unsettled := self._unsettled(clips)) and now() - last < PATIENCE:
            if self._take():
                last = now()
        return unsettled

    def _take(self) -> bool:
        taken = [event for event in self.tap.facts() if self.seen.take(event, now())]
        for event in taken:
            self.screen.show(event)
        return bool(taken)

    def _unsettled(self, clips: set[str]) -> set[str]:
        counts = self.seen.counts()
        waiting = {f"facts of clip {clip}" for clip in self.seen.open_clips() & clips}
        waiting |= {f"a fact {kind.TYPE}" for kind in JUDGED if not counts[kind.TYPE]}
        told = {delivery.event.data.alert.alert_id for delivery in self.receiver.inbox.deliveries}
        waiting |= {f"the webhook of alert {alert}" for alert in self.seen.alerts.keys() - told}
        if self._something_to_tell() and not self.seen.alerts:
            waiting.add(f"an alert ({AlertRaised.TYPE})")
        if not self._pulled_a_clip():
            waiting.add("a clip of a pulled camera")
        return waiting

    def _something_to_tell(self) -> bool:
        """The demo city's footage raises alerts; one's own does if anything crosses the line or is in the zone."""
        facts = self.seen.facts.values()
        return not self.own or any(
            (isinstance(fact, VehiclesCounted) and fact.crossings)
            or (isinstance(fact, CrowdMeasured) and fact.people_max)
            for fact in facts
        )

    def _pulled_a_clip(self) -> bool:
        pulled = {camera.camera_id for camera in self.stage.cameras if camera.source.kind == "http_clip"}
        return not pulled or any(clip.camera_id in pulled for clip in self.seen.clips.values())

    def _unknown_to_the_api(self) -> set[str]:
        """Alerts that an operator of their unit does not find."""
        missing: set[str] = set()
        for alert in self.seen.alerts.values():
            token = make_token(self.deployment, Role.OPERATOR, [alert.unit_id])
            url = f"{self.deployment.outputs['ApiUrl']}/v1/alerts/{alert.alert_id}"
            if httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code != 200:
                missing.add(f"alert {alert.alert_id} in the API")
        return missing

    def _report(self, rows: dict[str, int], missing: list[str]) -> Report:
        first = self.seen.first_fact
        return Report(
            clips=len(self.seen.clips),
            facts={kind: count for kind, count in self.seen.counts().items() if kind in BY_TYPE},
            alerts=len(self.seen.alerts),
            webhooks_verified=len(self.receiver.inbox.deliveries),
            lake_rows=rows,
            latency_s=self.seen.latency(),
            api_url=self.deployment.outputs["ApiUrl"],
            left_out=[f"{name}: {why}" for name, why in left_out(City(home())).items()],
            first_fact_s=round((first - self.seen.began).total_seconds(), 1) if first else None,
            missing=missing,
        )


def _ids_by_table(facts: Iterable[Fact]) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for fact in facts:
        ids.setdefault(table_name(fact.TYPE), []).append(event_id(fact.fact_id, fact.revision))
    return dict(sorted(ids.items()))


def _rows_once_there(expected: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Rows of these facts by table, once they are all there (or for as long as the lake may take)."""
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while True:
        rows = {table: _rows(table, ids) for table, ids in expected.items()}
        if not _absent(expected, rows) or time.monotonic() > deadline:
            return rows


def _rows(table: str, ids: Sequence[str]) -> int:
    lake = Lake.from_env()
    if table not in lake.names():
        return 0
    named = ", ".join(f"'{one}'" for one in ids)
    counted = answer(lake, f"SELECT count(*) AS rows FROM {table}_all WHERE event_id IN ({named})")  # noqa: S608 - digests
    return int(counted["rows"][0].as_py())


def _absent(expected: Mapping[str, Sequence[str]], rows: Mapping[str, int]) -> set[str]:
    """What differs from one row a fact, in words."""
    return {
        f"{len(ids)} rows in {table}: there are {rows[table]}"
        for table, ids in expected.items()
        if rows[table] != len(ids)
    }
