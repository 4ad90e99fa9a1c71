"""A tap on the bus: a queue of the demo's own that gets a copy of every fact."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import boto3

from civicam.contracts.base import now
from civicam.contracts.catalogue import read_any
from civicam.contracts.facts import CloudEvent, Fact

RULE = "civicam-demo-tap"


@dataclass(frozen=True)
class Tap:
    """Facts as they arrive, each with the moment it was received in `time_received` order."""

    queue_url: str

    def facts(self, wait_seconds: int = 1) -> list[CloudEvent[Fact]]:
        """What has arrived since the last call; waits up to `wait_seconds` for the first."""
        sqs = boto3.client("sqs")
        answer = sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds)
        messages = answer.get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [read_any(json.loads(message["Body"])["detail"]) for message in messages]


@contextmanager
def open_tap(bus_name: str) -> Iterator[Tap]:
    """A tap that is gone again when the block ends, however it ends."""
    sqs, events = boto3.client("sqs"), boto3.client("events")
    name = f"{RULE}-{int(now().timestamp() * 1000)}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = events.put_rule(
        Name=name, EventBusName=bus_name, EventPattern=json.dumps({"source": [{"prefix": "civicam/"}]})
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy(arn, rule["RuleArn"])})
    events.put_targets(Rule=name, EventBusName=bus_name, Targets=[{"Id": "tap", "Arn": arn}])
    try:
        yield Tap(url)
    finally:
        events.remove_targets(Rule=name, EventBusName=bus_name, Ids=["tap"])
        events.delete_rule(Name=name, EventBusName=bus_name)
        sqs.delete_queue(QueueUrl=url)


def _policy(queue_arn: str, rule_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
