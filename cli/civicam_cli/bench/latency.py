"""How long it takes from a clip that closes to its fact and its alert, through the whole city inside this machine."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
from pydantic import JsonValue

from civicam.aws.recent_facts import Asked, RecentFacts
from civicam.contracts.facts import ClipFact
from civicam.operations.policy import Role
from civicam_cli.api import make_token
from civicam_cli.bench.clips import SECONDS, Kind
from civicam_cli.bench.load.fleet import UNIT, Api, Delivery, Fleet
from civicam_cli.bench.own_city import own_city
from civicam_cli.bench.part import Bench, Goal, Part, Share, table
from civicam_cli.deployment import Deployment
from civicam_cli.ranks import nearest_rank
from civicam_cli.receiver import Inbox, subscribe

SCENES = ("walkers", "corridor")
"""Scenes with people in them all the time: every clip raises an alert."""
PATIENCE_SECONDS = 180.0


@dataclass(frozen=True)
class Load:
    """So many cameras for so many clips of each, after one that is not counted."""

    cameras: int
    rounds: int
    kind: Kind
    height: int = 1080
    seconds: int = SECONDS
    """How long each clip is, a multiple of ten."""

    @property
    def title(self) -> str:
        """In words."""
        share = {"some": "30 %", "moving": "100 %", "noisy": "0 %", "still": "0 %"}[self.kind]
        return f"{self.cameras} cameras, {self.height}p, {share} moving, clips of {self.seconds} s"


HEADLINE = Load(50, 2, "some", seconds=30)
"""Thirty seconds, for what a clip costs besides being looked at is paid a third as often. Ten stand beside them."""
LOADS = (
    Load(1, 6, "some"),
    Load(10, 3, "some"),
    HEADLINE,
    Load(50, 3, "some", seconds=20),
    Load(50, 4, "some"),
    Load(50, 2, "some", 720, seconds=30),
    Load(50, 2, "moving", seconds=30),
)


@dataclass(frozen=True)
class UnderLoad:
    """The city under load, and who hears its alerts."""

    deployment: Deployment
    inbox: Inbox
    api: Api


def measure(bench: Bench) -> Share:
    """Each load in turn on a city of its own, which is removed afterwards."""
    with _city() as city:
        found = {load.title: _under(city, load, bench) for load in LOADS}
    headline = found[HEADLINE.title]["alert_s"]
    loads: dict[str, JsonValue] = dict(found)
    return {"alert_latency_s": headline, "latency": loads}


def section(share: Share) -> Iterable[str]:
    """A row a load."""
    loads: Any = share["latency"]
    head = (
        "load",
        "clips",
        "fact p50 / p99 s",
        "alert p50 / p99 s",
        "picture to alert p50 s",
        "fps done",
        "lost",
        "CPU",
    )
    return table(head, (_row(title, found) for title, found in loads.items()))


def _row(title: str, found: Any) -> Iterator[object]:
    yield title
    yield found["clips"]
    for what in ("fact_s", "alert_s"):
        yield f"{found[what]['p50']} / {found[what]['p99']}"
    yield from (found[name] for name in ("picture_to_alert_s", "sampling_fps", "lost"))
    yield f"{found['cpu_percent']} %"


def _under(city: UnderLoad, load: Load, bench: Bench) -> dict[str, JsonValue]:
    times = load.seconds // SECONDS
    paths = [bench.clips.longer(scene, load.kind, load.height, times) for scene in SCENES]
    fleet = Fleet.register(load.cameras, paths, load.seconds)
    bench.say(f"{load.title}: warming up")
    _settled(fleet.play(city.api, 1))
    bench.say(f"{load.title}: {load.rounds * load.seconds} s")
    psutil.cpu_percent()
    deliveries = fleet.play(city.api, load.rounds)
    busy = psutil.cpu_percent()
    facts = _settled(deliveries)
    alerts = _alert_seconds(city.inbox, deliveries)
    return {
        "clips": len(deliveries),
        "fact_s": _spread([(fact.judged_at - fact.capture_end).total_seconds() for fact in facts.values()]),
        "alert_s": _spread(alerts),
        "picture_to_alert_s": round(nearest_rank(alerts, 0.5) + load.seconds / 2, 2) if alerts else None,
        "alerts": len(alerts),
        "sampling_fps": round(sum(fact.sampling_fps for fact in facts.values()) / max(1, len(facts)), 3),
        "lost": len(deliveries) - len(facts),
        "cpu_percent": busy,
    }


def _settled(deliveries: Sequence[Delivery]) -> dict[Delivery, ClipFact]:
    """A fact of each clip, waited for; those that did not come in time are left out."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    facts: dict[Delivery, ClipFact] = {}
    while len(facts) < len(deliveries) and time.monotonic() < deadline:
        time.sleep(2)
        open_cameras = {one.camera_id for one in deliveries if one not in facts}
        for camera_id in open_cameras:
            for event in RecentFacts.from_env().by_camera(Asked(camera_id), limit=200).items:
                facts.setdefault(Delivery(camera_id, event.data.capture_end), event.data)
        facts = {one: facts[one] for one in deliveries if one in facts}
    time.sleep(2)
    return facts


def _alert_seconds(inbox: Inbox, deliveries: Sequence[Delivery]) -> list[float]:
    wanted = set(deliveries)
    return [
        (one.received_at - one.event.data.alert.capture_end).total_seconds()
        for one in inbox.deliveries
        if Delivery(one.event.data.camera_id, one.event.data.alert.capture_end) in wanted
    ]


def _spread(seconds: Sequence[float]) -> dict[str, JsonValue]:
    return {
        name: round(nearest_rank(seconds, share), 2) if seconds else None
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }


@contextmanager
def _city() -> Iterator[UnderLoad]:
    """A city of its own, somebody who delivers to it, and an ear."""
    with own_city() as deployment:
        token = make_token(deployment, Role.RECORDER, [UNIT])
        with (
            subscribe(deployment.outputs["WebhookSecretArn"]) as receiver,
            httpx.Client(timeout=60) as client,
        ):
            yield UnderLoad(deployment, receiver.inbox, Api(deployment.outputs["ApiUrl"], token, client))


def _latency(share: Share) -> dict[str, float]:
    told: Any = share["alert_latency_s"]
    return dict(told)


LATENCY = Part(
    name="latency",
    title="Clip closed to fact and alert",
    measure=measure,
    section=section,
    goals=(
        Goal(
            measure=f"clip closed to alert, {HEADLINE.title}, at 1 fps",
            wanted="p50 1.5 s, p99 5 s",
            came_to=lambda share: ", ".join(f"{name} {seconds} s" for name, seconds in _latency(share).items()),
        ),
    ),
)
