"""Operations' tests: a city of two units in moto, each with a camera, a clip, facts and an alert; and a way to ask."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import boto3
import pytest

from civicam.aws.alerts import Alerts
from civicam.aws.claims import Claims
from civicam.aws.owners import Owners
from civicam.aws.packed_facts import pack
from civicam.aws.registry import Registry
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import Camera, HttpSource, Profile
from civicam.contracts.facts import ClipFact, CloudEvent
from civicam.contracts.footage import ClockQuality, Footage
from civicam.contracts.geometry import Line
from civicam.contracts.owners import Owner, OwnerKind
from civicam.contracts.watch import Alert, LineCount, Rule
from civicam.operations.policy import Role
from civicam.watch.evaluation import evaluate
from functions.operations.api.handler import handler
from tests.fakes.city_in_moto import Context, city_in_moto
from tests.fakes.facts import crossing, crowd, vehicles

OWN, OTHER = "ward-1", "ward-2"
CAMERAS = {OWN: "01JD8K3V4N0000000000000001", OTHER: "01JD8K3V4N0000000000000002"}
SUBJECT = "b9ee54c8-40f1-70a5-6f25-6f2b0d6b7f21"


@dataclass(frozen=True)
class Answer:
    """What the API said."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        """The reason of a problem, without the part that all have in common."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.json["status"] == self.status
        return str(self.json["type"]).removeprefix("urn:civicam:problem:")


@dataclass
class Api:
    """Asks the handler as the gateway does: with verified claims."""

    event: dict[str, Any]
    groups: tuple[str, ...] = (Role.OPERATOR,)
    units: tuple[str, ...] = (OWN,)
    owners: tuple[str, ...] = ()
    subject: str = SUBJECT
    claims: dict[str, Any] | None = field(default=None)
    """All claims, where a test wants odd ones; empty for a caller without a token."""

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        """The answer to one request; `body` is sent as JSON, or as it is where it is text."""
        path, _, given = path.partition("?")
        query_string = given or urlencode({name.rstrip("_"): value for name, value in query.items()})
        return self.send(method, path, query_string, body if isinstance(body, str | None) else json.dumps(body))

    def send(self, method: str, path: str, query_string: str, body: str | None, **headers: str) -> Answer:
        """The answer to a request as it is on the wire."""
        event = copy.deepcopy(self.event)
        event |= {"rawPath": path, "rawQueryString": query_string, "routeKey": f"{method} {path}"}
        if query_string:
            event["queryStringParameters"] = joined(parse_qs(query_string, keep_blank_values=True))
        event["requestContext"]["http"] |= {"method": method, "path": path}
        event["requestContext"]["authorizer"]["jwt"]["claims"] = self.said()
        if body is not None:
            event |= {"body": body}
            event["headers"] |= {"content-type": "application/json", "content-length": str(len(body)), **headers}
        answer = handler(event, Context())
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def said(self) -> dict[str, Any]:
        """The claims as an HTTP API hands them on."""
        if self.claims is not None:
            return self.claims
        told = {"units": " ".join(self.units), "owners": " ".join(self.owners)}
        return {"sub": self.subject, "cognito:groups": f"[{' '.join(self.groups)}]", **told}


@dataclass(frozen=True)
class Place:
    """What one unit has."""

    unit_id: str
    owner_id: str
    camera: Camera
    footage: Footage
    facts: tuple[ClipFact, ...]
    alert: Alert


@dataclass(frozen=True)
class City:
    """The two units."""

    own: Place
    other: Place


@contextmanager
def two_units() -> Iterator[City]:
    """Two units, each with one of everything."""
    with pytest.MonkeyPatch.context() as monkeypatch, city_in_moto(monkeypatch):
        start = now().replace(microsecond=0) - timedelta(minutes=10)
        yield City(furnish(OWN, start), furnish(OTHER, start))


@pytest.fixture
def city() -> Iterator[City]:
    """A city of the test's own."""
    with two_units() as city:
        yield city


@pytest.fixture
def api(city: City, payload: Callable[[str], Any]) -> Api:
    """An operator of the first unit; a test may be somebody else."""
    return Api(payload("http_api_v2"))


def joined(query: dict[str, list[str]]) -> dict[str, str]:
    """A query as an HTTP API hands it on: what was said twice stands with a comma between."""
    return {name: ",".join(values) for name, values in query.items()}


def furnish(unit_id: str, start: datetime) -> Place:
    owner_id = f"school-{unit_id}"
    Owners.from_env().put(Owner(owner_id=owner_id, name=unit_id, kind=OwnerKind.DEPARTMENT), by="anna")
    camera = Camera(
        camera_id=CAMERAS[unit_id],
        name=f"Camera of {unit_id}",
        owner_id=owner_id,
        unit_id=unit_id,
        position=(106.7, 10.8),
        profile=Profile(mount="vehicle", lines=(Line(line_id="north", points=((0, 100), (500, 100))),)),
        source=HttpSource(kind="http_clip", url="https://example.org/clip?password=secret", credentials="gate"),
    )
    Registry.from_env().put(camera)
    footage = footage_of(camera, start)
    Claims.from_env().claim(footage, start)
    facts = (
        vehicles(crossing(4), camera_id=camera.camera_id, capture_start=start),
        crowd(camera_id=camera.camera_id, capture_start=start),
    )
    store_facts(*facts)
    rule = Rule(
        rule_id="busy", title="Busy", camera_id=camera.camera_id, condition=LineCount(line_id="north", at_least=3)
    )
    alert = evaluate(rule, facts[0], unit_id=unit_id, owner_id=owner_id, raised_at=now())
    assert alert is not None
    Alerts.from_env().raise_once(alert)
    return Place(unit_id, owner_id, camera, footage, facts, alert)


def footage_of(camera: Camera, start: datetime, sha256: str = "a" * 64) -> Footage:
    return Footage.place(
        camera_id=camera.camera_id,
        capture_start=start,
        capture_end=start + timedelta(seconds=10),
        clock_quality=ClockQuality.SYNCED,
        sha256=sha256,
        size_bytes=1000,
        media_type="video/mp4",
        bucket="footage-bucket",
    )


def store_facts(*facts: ClipFact) -> None:
    """An item of clip_facts, as judge_clip writes it (what readers need of it)."""
    first = facts[0]
    boto3.client("dynamodb").put_item(
        TableName="facts-table",
        Item={
            "camera_run": {"S": f"{first.camera_id}#{first.run}"},
            "moment": {"S": f"{utc_text(first.capture_start)}#{'c' * 16}"},
            "facts": pack(map(CloudEvent.of, facts)),
        },
    )
