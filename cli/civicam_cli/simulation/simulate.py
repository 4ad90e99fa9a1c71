"""`civicam simulate`: a fleet with faults, the city inside this machine, and what became of every clip."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import av
import psutil
import typer
from PIL import Image

from civicam.aws.allocating import AllocatedTimes
from civicam.aws.allocations import Allocations, Wishes
from civicam.aws.claims import Claims, ClipState
from civicam.aws.coverage import coverage_of
from civicam.aws.health import HealthTable
from civicam.aws.onboarding import Onboarding
from civicam.aws.owners import Owners
from civicam.aws.registry import Registry
from civicam.cameras.coverage import Coverage, Stretch
from civicam.cameras.csv_file import read_csv
from civicam.cameras.reports import counted
from civicam.contracts.allocation import Budget
from civicam.contracts.base import now, utc_text
from civicam.contracts.errors import Inconsistent, Unavailable
from civicam.contracts.owners import Owner, OwnerKind
from civicam.operations.policy import Role
from civicam.runtime.runtimes import has_bf16
from civicam_cli.api import make_token
from civicam_cli.bench.clips import SECONDS, BenchClips
from civicam_cli.bench.document import host
from civicam_cli.bench.own_city import FOLDER, own_city
from civicam_cli.deployment import Deployment
from civicam_cli.embedded.aws import client
from civicam_cli.embedded.city import City
from civicam_cli.places import ROOT, VAR
from civicam_cli.simulation import counting
from civicam_cli.simulation.farm import Order
from civicam_cli.simulation.ledger import Account, Offer, account, read
from civicam_cli.simulation.meter import Meter, cpu_seconds
from civicam_cli.simulation.paper import page
from civicam_cli.simulation.report import FaultsKnown, Percentiles, Report, usd
from civicam_cli.simulation.scenario import CLIP_SECONDS, Scenario, Simulated, scenario

OWNER, UNIT, BY = "simulation", "ward-sai-gon", "simulation"
PICTURE_SIZE = (512, 288)
"""What the city's own public cameras publish."""
PICTURES = 20
DRAIN_SECONDS, SETTLE_SECONDS = 300.0, 45.0
"""How long clips are waited for after the end; and the lake's commits after the last fact."""
SAY_SECONDS = 10.0


def simulate(
    cameras: Annotated[int, typer.Option(help="How many cameras there are.")] = 1000,
    analysed: Annotated[int, typer.Option(help="How many of them are analysed.")] = 50,
    minutes: Annotated[int, typer.Option(help="For how long.")] = 10,
    seed: Annotated[int, typer.Option(help="The same seed is the same fleet with the same faults.")] = 1,
    on_paper: Annotated[
        bool, typer.Option("--on-paper", help="Simulate nothing: what fleets ask of AWS against its quotas.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Simulate a fleet on loopback against a city of its own. Exit code 1 where a clip was lost or a fact doubled."""
    if on_paper:
        typer.echo("\n".join(page()).strip())
        return
    plan = scenario(cameras, analysed, minutes, seed)
    with TemporaryDirectory(prefix="simulation-", dir=_folder()) as scratch, own_city() as deployment:
        report = Simulation(plan, minutes, Path(scratch), deployment).run()
    typer.echo(report.model_dump_json() if as_json else "\n".join(report.told()))
    raise typer.Exit(1 if report.lost or report.doubled else 0)


@dataclass
class Simulation:
    """One run: the fleet registered, the farm started, minutes let pass, everything counted."""

    plan: Scenario
    minutes: int
    scratch: Path
    deployment: Deployment

    def run(self) -> Report:
        """The whole of it; Ctrl-C ends the minutes early, and what was done until then is counted."""
        port = _free_port()
        _say(f"registering {len(self.plan.cameras)} cameras")
        ids = self._register(port)
        self._choose()
        begins = self.scratch / "begins"
        with self._farm(port, ids, begins) as farm:
            began = now()
            _write(begins, began)
            meter = Meter(City(FOLDER))
            with meter.running():
                complete = self._pass(began)
                ended = min(now(), began + timedelta(seconds=self.plan.seconds))
                _write(begins, began - timedelta(days=2))  # nothing more is new
                farm_cpu = cpu_seconds([psutil.Process(farm.pid)])
                self._drain(ids)
        return self._report(ids, Stretch(began, ended), meter, farm_cpu, complete=complete)

    def _register(self, port: int) -> dict[str, str]:
        """Every camera of the fleet, by the way in that owners have; its id by its name."""
        Owners.from_env().put(Owner(owner_id=OWNER, name="Simulation", kind=OwnerKind.DEPARTMENT), by=BY)
        rows = [_HEADER, *(_row(camera, port) for camera in self.plan.cameras)]
        came_to = counted(Onboarding.from_env(by=BY).take(read_csv("\n".join(rows))))
        if came_to != {"added": len(self.plan.cameras)}:
            raise Inconsistent(f"of {len(self.plan.cameras)} simulated cameras {came_to}")
        return {camera.name: camera.camera_id for camera in Registry.from_env().all() if camera.owner_id == OWNER}

    def _choose(self) -> None:
        """Places for those that are analysed, taken before anything is pulled."""
        table, wanted = Allocations.from_env(), sum(camera.analysed for camera in self.plan.cameras)
        table.wish(Wishes(budget=Budget(cameras=wanted)), table.wishes()[1])
        name = f"civicam-{self.deployment.environment}-allocate_cameras"
        functions, deadline = client(City(FOLDER), "lambda"), time.monotonic() + 60
        while len(table.standing().allocation.passed_over) < len(self.plan.cameras) - wanted:
            with suppress(functions.exceptions.TooManyRequestsException):  # the minute's own tick is at it
                functions.invoke(FunctionName=name, Payload=b"{}")
            if time.monotonic() > deadline:
                raise Unavailable("the city did not choose who is analysed within a minute: see `civicam logs`")

    @contextmanager
    def _farm(self, port: int, ids: Mapping[str, str], begins: Path) -> Iterator["subprocess.Popen[bytes]"]:
        pushing = {camera.name: ids[camera.name] for camera in self.plan.cameras if camera.kind == "push"}
        clips = BenchClips(VAR / "bench" / "clips")
        scenes = clips.scenes()
        if not scenes:
            raise Unavailable("no footage is at hand: set CIVICAM_CLIP_MIRROR, or run `make demo` once")
        times = CLIP_SECONDS // SECONDS
        order = Order(
            scenario=self.plan,
            port=port,
            clips=tuple(clips.longer(scene, "some", 720, times) for scene in scenes),
            pictures=tuple(_pictures(clips.path(scenes[0], "moving", 720), self.scratch)),
            ledger=self._ledger,
            begins=begins,
            api_url=self.deployment.outputs["ApiUrl"],
            token=make_token(self.deployment, Role.RECORDER, [UNIT]),
            ids=pushing,
        )
        told = self.scratch / "order.json"
        told.write_text(order.model_dump_json())
        farm = subprocess.Popen([sys.executable, "-m", "civicam_cli.simulation.farm", str(told)], cwd=ROOT)
        try:
            _wait_for_port(port, farm)
            yield farm
        finally:
            farm.terminate()
            farm.wait(20)

    @property
    def _ledger(self) -> Path:
        return self.scratch / "ledger.jsonl"

    def _pass(self, began: datetime) -> bool:
        """Let the minutes pass; False where somebody ended them early."""
        try:
            while (left := self.plan.seconds - (now() - began).total_seconds()) > 0:
                given = len(read(self._ledger))
                _say(f"{self.plan.seconds - left:.0f} of {self.plan.seconds} s: {given} clips and pictures given out")
                time.sleep(min(SAY_SECONDS, left))
        except KeyboardInterrupt:
            _say("broken off")
            return False
        return True

    def _drain(self, ids: Mapping[str, str]) -> None:
        """Wait until every clip that was stored is judged, or for so long; then until the lake has the facts."""
        claims, deadline = Claims.from_env(), time.monotonic() + DRAIN_SECONDS
        quiet = 0
        while quiet < 3 and time.monotonic() < deadline:
            waiting = sum(1 for _ in claims.pending(now()))
            _say(f"{waiting} clips wait to be judged")
            quiet = 0 if waiting else quiet + 1
            time.sleep(SAY_SECONDS)
        _say(f"the lake settles ({len(ids)} cameras)")
        time.sleep(SETTLE_SECONDS)

    def _report(
        self, ids: Mapping[str, str], period: Stretch, meter: Meter, farm_cpu: float, *, complete: bool
    ) -> Report:
        _say("counting")
        chosen = {camera.name for camera in self.plan.cameras if camera.analysed}
        clips = {name: counting.clips(camera_id, period) for name, camera_id in ids.items()}
        offers, refused = read(self._ledger), counting.refused()
        told = account(offers, chosen, {name: counting.held(clips[name]) for name in chosen}, refused)
        covered = self._coverage([ids[name] for name in sorted(chosen)], period)
        latencies, doubled = counting.facts(ids.values())
        done = [clip for name in chosen for clip in clips[name] if clip.state is ClipState.JUDGED]
        return Report(
            cameras=len(ids),
            analysed=len(chosen),
            minutes=self.minutes,
            seed=self.plan.seed,
            complete=complete,
            **_account(told),
            doubled=doubled,
            passed_over_stored=sum(len(clips[name]) for name in ids.keys() - chosen),
            clip_to_fact_s=Percentiles.of(latencies),
            coverage=covered.share,
            gap_min={reason: round(lost / 60_000, 2) for reason, lost in covered.gap_ms.items()},
            facts=len(latencies),
            faults=self._faults(ids, offers, refused),
            peak_memory_mb=meter.peak_bytes // 1_000_000,
            cpu_s=round(meter.cpu_s, 1),
            farm_cpu_s=round(farm_cpu, 1),
            usd=usd(len(done), counting.hours(done), sum(offer.camera not in chosen for offer in offers)),
            began_at=period.start,
            host=str(host()["cpu"]),
            precision="bf16" if has_bf16() else "f32",
        )

    def _coverage(self, camera_ids: list[str], period: Stretch) -> Coverage:
        registry, claims, times = Registry.from_env(), Claims.from_env(), AllocatedTimes.of(period)
        whole = Coverage()
        for camera_id in camera_ids:
            found = coverage_of(claims, registry.history(camera_id), period, times.at(camera_id))
            whole += found.get("vehicle", Coverage())
        return whole

    def _faults(self, ids: Mapping[str, str], offers: list[Offer], refused: set[str]) -> dict[str, FaultsKnown]:
        """Of how many the city said at any time what is wrong: by a change of health, or by refusing the clip."""
        table, start, found = HealthTable.from_env(), now() - timedelta(days=1), dict[str, FaultsKnown]()
        for camera in self.plan.cameras:
            if camera.fault is None:
                continue
            changes, _ = table.history(ids[camera.name], start, now())
            is_known = any(change.state not in ("healthy", "unknown") for change in changes)
            is_refused = any(offer.sha256 in refused for offer in offers if offer.camera == camera.name)
            before = found.get(camera.fault.kind, FaultsKnown(played=0, known=0))
            known = before.known + (is_known or is_refused)
            found[camera.fault.kind] = FaultsKnown(played=before.played + 1, known=known)
        return found


_HEADER = (
    "owner_id,owner_reference,name,unit_id,longitude,latitude,source.kind,source.url,source.interval_seconds,"
    "profile.sampling_fps,profile.promised"
)


def _row(camera: Simulated, port: int) -> str:
    kind = {"clip": "http_clip", "picture": "http_picture", "push": "push"}[camera.kind]
    url = "" if camera.kind == "push" else f"http://127.0.0.1:{port}/{camera.name}"
    interval = "" if camera.kind == "push" else str(camera.interval_seconds)
    place = f"{106.6 + camera.number % 100 / 500:.4f},{10.7 + camera.number // 100 / 500:.4f}"
    told = (OWNER, camera.name, camera.name, UNIT, place, kind, url, interval, "1", str(camera.analysed).lower())
    return ",".join(told)


def _pictures(footage: Path, folder: Path) -> Iterator[Path]:
    with av.open(str(footage)) as opened:
        for number, frame in zip(range(PICTURES), opened.decode(video=0), strict=False):
            path = folder / f"picture-{number}.jpg"
            Image.fromarray(frame.to_ndarray(format="rgb24")).resize(PICTURE_SIZE).save(path, "JPEG", quality=88)
            yield path


def _account(told: Account) -> dict[str, Any]:
    for key in told.lost[:20]:
        _say(f"lost: {key}")
    return {"offered": told.offered, "stored": told.stored, "refused": told.refused, "lost": len(told.lost)}


def _write(path: Path, moment: datetime) -> None:
    """In one step, for the farm reads it at every request."""
    draft = path.with_suffix(".draft")
    draft.write_text(utc_text(moment))
    draft.replace(path)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _wait_for_port(port: int, farm: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while farm.poll() is None and time.monotonic() < deadline:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise Unavailable("the farm did not start: what it said stands above")


def _folder() -> Path:
    folder = VAR / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _say(what: str) -> None:
    sys.stderr.write(f"simulate: {what}\n")
