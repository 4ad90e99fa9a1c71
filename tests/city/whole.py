"""The whole city as its users meet it: recorders, operators, whoever listens to the bus. On the laptop, or on AWS."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import boto3
import httpx
import pytest

from civicam.aws import clients
from civicam.aws.bus import Bus
from civicam.aws.lake import Lake
from civicam.aws.registry import Registry
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import Camera, ClipDeclaration, Profile
from civicam.contracts.facts import CloudEvent, Fact
from civicam.contracts.footage import ClockQuality
from civicam.contracts.ids import digest
from civicam.lake.schemas import table_name
from civicam.operations.policy import Role
from civicam_cli.api import make_token
from civicam_cli.demo.tap import Tap
from civicam_cli.deployment import Deployment
from civicam_cli.lake import answer

UNIT = "ward-sai-gon"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass
class WholeCity:
    """A deployed city with an ear on its bus."""

    deployment: Deployment
    tap: Tap | None = None
    """None: nobody listens."""
    heard: list[CloudEvent[Any]] = field(default_factory=list)
    _tokens: dict[tuple[Role, tuple[str, ...]], str] = field(default_factory=dict)

    def camera(self, name: str, profile: Profile | None = None, unit: str = UNIT) -> Camera:
        """A camera of this name, registered."""
        camera = Camera(
            camera_id=camera_id(name),
            name=name,
            owner_id="transport-department",
            unit_id=unit,
            position=(106.7, 10.77),
            profile=profile or Profile(),
        )
        return Registry.from_env().put(camera).camera

    def deliver(self, camera: Camera, body: bytes, start: datetime | None = None, seconds: float = 3.0) -> str:
        """Bring a clip in as a recorder does: declare it, PUT it, complete it; returns its id."""
        declared = self.declare(camera, body, start, seconds)
        assert declared.status_code == 201, declared.text
        upload = declared.json()["upload"]
        put = self.put(upload, body)
        assert put.status_code == 200, put.text
        clip = str(declared.json()["clip_id"])
        completed = self.call(Role.RECORDER, "POST", f"/v1/clips/{clip}/complete", units=(camera.unit_id,), json={})
        assert completed.status_code == 202, completed.text
        return clip

    def put(self, upload: Mapping[str, Any], body: bytes) -> httpx.Response:
        """Upload as the API allowed it."""
        headers = {name: value for name, value in upload["headers"].items() if name != "Content-Length"}
        return httpx.request(upload["method"], upload["url"], content=body, headers=headers, timeout=30)

    def declare(
        self, camera: Camera, body: bytes, start: datetime | None = None, seconds: float = 3.0
    ) -> httpx.Response:
        """What a recorder says about a clip before it uploads it."""
        content = self.declaration(camera, body, start, seconds).model_dump_json()
        return self.call(Role.RECORDER, "POST", "/v1/clips", units=(camera.unit_id,), content=content)

    def declaration(
        self, camera: Camera, body: bytes, start: datetime | None = None, seconds: float = 3.0
    ) -> ClipDeclaration:
        """Such a statement itself."""
        begun = start or now() - timedelta(seconds=seconds)
        return ClipDeclaration(
            camera_id=camera.camera_id,
            capture_start=begun,
            capture_end=begun + timedelta(seconds=seconds),
            clock_quality=ClockQuality.SYNCED,
            sha256=hashlib.sha256(body).hexdigest(),
            size_bytes=len(body),
            media_type="video/mp4",
        )

    def call(
        self, role: Role | None, method: str, path: str, *, units: tuple[str, ...] = (UNIT,), **request: Any
    ) -> httpx.Response:
        """One request to the API, as somebody of this role and these units; as nobody where the role is None."""
        headers = {"Content-Type": "application/json"} | dict(request.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self.token(role, units)}"
        url = self.deployment.outputs["ApiUrl"] + path
        return httpx.request(method, url, headers=headers, timeout=60, **request)

    def token(self, role: Role, units: tuple[str, ...] = (UNIT,)) -> str:
        """An access token; one person of each kind is enough."""
        if (role, units) not in self._tokens:
            self._tokens[role, units] = make_token(self.deployment, role, list(units))
        return self._tokens[role, units]

    def hear(self, wanted: Callable[[CloudEvent[Any]], bool], *, count: int = 1, seconds: float = 120) -> list[Any]:
        """The data of the first `count` events of this kind that were said since the city was met, once each."""
        deadline = time.monotonic() + seconds
        while True:
            found = {event.id: event.data for event in self.heard if wanted(event)}
            if len(found) >= count:
                return list(found.values())
            assert time.monotonic() < deadline, f"heard {len(found)} of {count}; last {self._last_heard()}"
            self._listen()

    def facts_of(self, clip: str, kind: type[Fact], **limits: Any) -> list[Any]:
        """Facts of one kind about one clip."""
        return self.hear(lambda event: event.type == kind.TYPE and clip_of(event.data) == clip, **limits)

    def rows(self, kind: type[Fact], where: str) -> list[dict[str, Any]]:
        """Rows of every revision in the lake."""
        lake, table = Lake.from_env(), table_name(kind.TYPE)
        if table not in lake.names():
            return []
        found: list[dict[str, Any]] = answer(lake, f"SELECT * FROM {table}_all WHERE {where}").to_pylist()
        return found

    def wait_for_rows(self, kind: type[Fact], where: str, count: int, seconds: float = 90) -> list[dict[str, Any]]:
        """The rows, once there are so many."""
        deadline = time.monotonic() + seconds
        while len(rows := self.rows(kind, where)) < count and time.monotonic() < deadline:
            time.sleep(0.5)
        assert len(rows) == count, f"{len(rows)} rows in {table_name(kind.TYPE)} where {where}"
        return rows

    def say(self, event: CloudEvent[Any]) -> None:
        """Put an event on the bus, as a second delivery of the same would come."""
        Bus(self.deployment.outputs["BusName"]).publish([event])

    def wait_until(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Until it holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"it did not come to pass; heard {self._last_heard()}"
            self._listen()

    def waiting_in(self, queue: str) -> int:
        """Messages that lie in a queue, by the name of its output."""
        url = self.deployment.outputs[queue]
        told = boto3.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        )
        return sum(int(value) for value in told["Attributes"].values())

    def _listen(self) -> None:
        if self.tap is None:
            time.sleep(0.5)
        else:
            self.heard += self.tap.facts()

    def _last_heard(self) -> str:
        return json.dumps([(event.type, event.subject, utc_text(event.time)) for event in self.heard[-8:]])


@contextmanager
def speaking_to(deployment: Deployment) -> Iterator[Deployment]:
    """Adapters, commands and boto3 in this process speak to this deployment until the block ends."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            environment.delenv(name)
        for name, value in deployment.env().items():
            environment.setenv(name, value)
        clients.forget()
        yield deployment
    clients.forget()


def camera_id(name: str) -> str:
    """An id for a name; a city's own cameras get theirs from whoever registers them."""
    number = int(digest("test", name)[:31], 16)
    return "0" + "".join(ALPHABET[(number >> shift) & 31] for shift in range(0, 125, 5))


def clip_of(fact: Fact) -> str | None:
    """The clip that a fact is about."""
    footage = getattr(fact, "footage", None)
    return footage.clip_id if footage else getattr(fact, "clip_id", None)
