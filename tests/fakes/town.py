"""A small city in the embedded AWS whose tables can be lost, with an ear on its bus."""

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import boto3

from civicam.aws.claims import ClipState
from civicam.aws.packed_facts import pack
from civicam.aws.recovery import City, Scope, recover
from civicam.contracts.base import now
from civicam.contracts.facts import CloudEvent, Fact
from civicam.contracts.footage import ClockQuality, Footage
from civicam.lake.batches import arrow_rows
from civicam.lake.schemas import TABLES
from tests.fakes import city_in_moto
from tests.fakes.facts import CAMERA


@dataclass
class Town:
    """The city, and the queue that gets whatever is said on its bus."""

    city: City
    queue: str

    def recover(self, **scope: Any) -> dict[str, int]:
        """What a recovery after a standstill repaired."""
        return {done.what: done.repaired for done in recover(self.city, Scope(settled=now(), **scope)) if done.repaired}

    def told(self) -> list[tuple[str, str]]:
        """Types and fact ids that were said on the bus since the last call."""
        sqs = boto3.client("sqs")
        heard: list[tuple[str, str]] = []
        while found := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                detail = json.loads(message["Body"])["detail"]
                heard.append((detail["type"], detail["data"]["fact_id"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return sorted(heard)

    def lose(self, *names: str) -> None:
        """These tables are as if nothing had ever been written to them."""
        for name in names:
            boto3.client("dynamodb").delete_table(TableName=os.environ[name])
            make_table(name)

    def lose_catalogue(self) -> None:
        """Glue knows nothing any more."""
        boto3.client("glue").delete_database(Name=self.city.lake.database)

    def write(self, *facts: Fact) -> None:
        """The lake has heard these facts."""
        for fact in facts:
            table = TABLES[fact.TYPE]
            self.city.lake.append_once(table, arrow_rows(table, [CloudEvent.of(fact)], recorded_at=now()), uuid4().hex)

    def store(self, n: int) -> Footage:
        """The camera's n-th clip of the last hour lies in the store and is claimed."""
        body = f"clip {n}".encode()
        start = now() - timedelta(hours=1) + timedelta(seconds=10 * n)
        footage = Footage.place(
            camera_id=CAMERA,
            capture_start=start,
            capture_end=start + timedelta(seconds=10),
            clock_quality=ClockQuality.SYNCED,
            sha256=sha256(body).hexdigest(),
            size_bytes=len(body),
            media_type="video/mp4",
            bucket=self.city.intake.store.bucket,
        )
        self.city.intake.store.put(footage, body)
        self.city.intake.claims.claim(footage, now())
        return footage

    def state(self, footage: Footage) -> ClipState:
        """Where the clip's claim stands."""
        return self.city.intake.claims.get(footage.clip_id).state


def make_table(variable: str) -> None:
    """The table that an environment variable names, empty."""
    city_in_moto.make_table(os.environ[variable], *city_in_moto.TABLES[variable])


def put_into_outbox(*facts: Any) -> None:
    """The facts of one clip stand in the table from which the bus is fed."""
    item: dict[str, Any] = {
        "camera_run": {"S": f"{CAMERA}#live"},
        "moment": {"S": facts[0].clip_id},
        "facts": pack(map(CloudEvent.of, facts)),
    }
    boto3.client("dynamodb").put_item(TableName=os.environ["FACTS_TABLE"], Item=item)


def hear(bus: str) -> str:
    """A new bus, and a queue that gets everything said on it."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    events.create_event_bus(Name=bus)
    queue = sqs.create_queue(QueueName=bus)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps({"source": [{"prefix": "civicam/"}]}))
    events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "ear", "Arn": arn}])
    return queue
