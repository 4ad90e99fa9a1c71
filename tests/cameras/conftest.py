"""Cameras' tests: an empty city in moto, cameras, and footage of theirs."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import boto3
import pytest

from civicam.aws.intake import Intake
from civicam.aws.registry import Registry
from civicam.contracts.cameras import Camera, ClipDeclaration, HttpSource, PushSource
from tests.fakes.city_in_moto import Context, city_in_moto, make_table

PUSHING = "01JZ0000000000000000000001"
PULLED = "01JZ0000000000000000000002"
AT = datetime(2026, 11, 24, 10, 45, 30, tzinfo=UTC)
CLIP = b"a clip's bytes"


@pytest.fixture
def context() -> Context:
    """A run of a function."""
    return Context()


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty city."""
    with city_in_moto(monkeypatch):
        for name, key in (("sources", "camera_id"), ("turns", "lease")):
            make_table(f"{name}-table", (key,), {})
            monkeypatch.setenv(f"{name.upper()}_TABLE", f"{name}-table")
        monkeypatch.setenv("PULL_LIMITS", "{}")
        for name in ("pulls", "arrivals"):
            url = boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"]
            monkeypatch.setenv(f"{name.removesuffix('s').upper()}_QUEUE_URL", url)
        monkeypatch.setenv("PRIVATE_NETWORKS", "127.0.0.0/8")
        monkeypatch.setenv("SOURCE_PORTS", "1-65535")
        yield


@pytest.fixture
def intake(city: None) -> Intake:
    """The way in, of a city that knows one camera which pushes its footage; its clock stands."""
    Registry.from_env().put(camera())
    return at_time(AT)


def at_time(moment: datetime) -> Intake:
    """The way in, at that time."""
    intake = Intake.from_env()
    return Intake(intake.registry, intake.store, intake.claims, intake.bus, intake.limits, lambda: moment)


def camera(
    camera_id: str = PUSHING, *, unit_id: str = "ward-sai-gon", source: HttpSource | PushSource | None = None
) -> Camera:
    """A camera as somebody registers it."""
    return Camera(
        camera_id=camera_id,
        name="Ngã tư Nguyễn Huệ",
        owner_id="transport",
        unit_id=unit_id,
        position=(106.7032, 10.7742),
        source=source or PushSource(),
    )


def pulled(url: str, kind: Literal["http_clip", "http_picture"] = "http_clip", interval_seconds: int = 20) -> Camera:
    """A camera whose source the city reads."""
    return camera(PULLED, source=HttpSource(kind=kind, url=url, interval_seconds=interval_seconds))


def declaration(
    body: bytes = CLIP,
    *,
    camera_id: str = PUSHING,
    start: datetime = AT - timedelta(seconds=10),
    seconds: float = 6,
    media_type: str = "video/mp4",
) -> ClipDeclaration:
    """What a recorder states about these bytes."""
    return ClipDeclaration(
        camera_id=camera_id,
        capture_start=start,
        capture_end=start + timedelta(seconds=seconds),
        sha256=hashlib.sha256(body).hexdigest(),
        size_bytes=len(body),
        media_type=media_type,
    )
