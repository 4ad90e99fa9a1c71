"""The city's tables, buckets, bus and queues in moto, named in the environment as the stacks name them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from moto import mock_aws

from civicam.aws import clients

Key = tuple[str] | tuple[str, str]
TABLES: Mapping[str, tuple[Key, Mapping[str, Key]]] = {
    "CAMERAS_TABLE": (
        ("camera_id",),
        {"by_unit": ("unit_id", "camera_id"), "by_owner": ("owner_id", "camera_id")},
    ),
    "OWNERS_TABLE": (("owner_id",), {}),
    "ROUTES_TABLE": (("camera_id", "at"), {}),
    "CLIPS_TABLE": (
        ("clip_id",),
        {"by_camera": ("camera_id", "capture_start"), "pending": ("pending", "stored_at")},
    ),
    "HEALTH_TABLE": (("camera_id", "moment"), {"current": ("standing", "camera_id")}),
    "ALLOCATION_TABLE": (("part", "moment"), {}),
    "FACTS_TABLE": (("camera_run", "moment"), {}),
    "RECORDERS_TABLE": (("recorder",), {}),
    "REPLAYS_TABLE": (("run", "part"), {}),
    "TIERS_TABLE": (("setting",), {}),
    "RULES_TABLE": (("rule_id",), {"by_camera": ("camera_id", "rule_id")}),
    "ALERTS_TABLE": (
        ("alert_id",),
        {"by_unit": ("unit_id", "raised_at"), "by_owner": ("owner_id", "raised_at")},
    ),
}
BUCKETS = ("FOOTAGE_BUCKET", "REGISTRY_BUCKET")
BUS = "city"
PUBLISHED = "published"
REGION = "us-east-1"


class Context(LambdaContext):
    """What Lambda tells a function about its run."""

    def __init__(self) -> None:
        self._function_name = "function"
        self._memory_limit_in_mb = 256
        self._invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
        self._aws_request_id = str(uuid4())


@contextmanager
def city_in_moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty city; clients of another are forgotten."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    settings = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "BUS_NAME": BUS}
    settings |= dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), REGION)
    settings |= {name: name.lower().replace("_", "-") for name in (*TABLES, *BUCKETS)}
    settings |= {"SOURCES_VAULT": "civicam-test-sources", "SOURCES_KEY": "alias/city"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    clients.forget()
    with mock_aws():
        for variable, (key, indexes) in TABLES.items():
            make_table(settings[variable], key, indexes)
        for variable in BUCKETS:
            boto3.client("s3").create_bucket(Bucket=settings[variable])
        make_bus()
        yield
    clients.forget()


def make_table(name: str, key: Key, indexes: Mapping[str, Key]) -> None:
    """A table with text keys and indexes of everything."""
    attributes = sorted({*key, *(part for index in indexes.values() for part in index)})
    made = [
        {"IndexName": index, "KeySchema": schema(index_key), "Projection": {"ProjectionType": "ALL"}}
        for index, index_key in indexes.items()
    ]
    request: dict[str, Any] = {"GlobalSecondaryIndexes": made} if made else {}
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=schema(key),
        AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part in attributes],
        BillingMode="PAY_PER_REQUEST",
        **request,
    )


def schema(key: Key) -> list[Any]:
    """A key as DynamoDB wants it told."""
    return [{"AttributeName": part, "KeyType": kind} for part, kind in zip(key, ("HASH", "RANGE"), strict=False)]


def make_bus() -> None:
    """The bus, with a queue that keeps whatever is published."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    sqs.create_queue(QueueName=PUBLISHED)
    events.create_event_bus(Name=BUS)
    events.put_rule(Name="all", EventBusName=BUS, EventPattern=json.dumps({"account": ["123456789012"]}))
    arn = f"arn:aws:sqs:{REGION}:123456789012:{PUBLISHED}"
    events.put_targets(Rule="all", EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])


def published() -> list[dict[str, Any]]:
    """What went over the bus since the last look: EventBridge envelopes."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=PUBLISHED)["QueueUrl"]
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found += [json.loads(message["Body"]) for message in messages]
    return found
