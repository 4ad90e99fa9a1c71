"""Watch's tests: an empty city in moto, its camera, rules that speak about it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from civicam.aws.registry import Registry
from civicam.contracts.cameras import Camera
from civicam.contracts.facts import CloudEvent
from civicam.contracts.watch import LineCount, Rule, ZoneCount
from tests.fakes.city_in_moto import Context, city_in_moto
from tests.fakes.facts import CAMERA


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A city with one camera, of ward-1."""
    with city_in_moto(monkeypatch):
        camera = Camera(
            camera_id=CAMERA, name="Cầu Sài Gòn", owner_id="transport", unit_id="ward-1", position=(106.7, 10.8)
        )
        Registry.from_env().put(camera)
        yield


@pytest.fixture
def context() -> Context:
    """A run of a function."""
    return Context()


@pytest.fixture
def busy_line() -> Rule:
    """Three vehicles or more over line north in one clip, once in five minutes."""
    return Rule(rule_id="busy-line", title="Busy", camera_id=CAMERA, condition=LineCount(line_id="north", at_least=3))


@pytest.fixture
def full_square() -> Rule:
    """Twenty people or more at one moment in zone square."""
    return Rule(
        rule_id="full-square", title="Full", camera_id=CAMERA, condition=ZoneCount(zone_id="square", at_least=20)
    )


def batch(*events: CloudEvent[Any], tries: int = 1) -> dict[str, Any]:
    """An SQS batch whose messages hold EventBridge's envelope around a fact, as the rule's target gets it."""
    return {"Records": [message(str(n), json.loads(event.model_dump_json()), tries) for n, event in enumerate(events)]}


def message(name: str, detail: dict[str, Any], tries: int = 1) -> dict[str, Any]:
    return {
        "messageId": name,
        "receiptHandle": name,
        "body": json.dumps({"detail-type": detail.get("type"), "source": detail.get("source"), "detail": detail}),
        "attributes": {"ApproximateReceiveCount": str(tries)},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
    }
