"""A queue, its messages in a reader's hands as Lambda passes them on, and the waits that the reader asked for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3

from civicam.aws import clients

HIDDEN_SECONDS = "300"
"""How long a message would stay away if its reader did not say anything."""


def make_queue(name: str) -> str:
    """The address of a new queue; it keeps the order of its groups where its name ends so."""
    attributes: dict[Any, str] = {"VisibilityTimeout": HIDDEN_SECONDS}
    if name.endswith(".fifo"):
        attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    return boto3.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def received(url: str, record: Mapping[str, Any], *, tries: int = 1) -> dict[str, Any]:
    """The record with a handle that works: its body went through the queue."""
    sqs = boto3.client("sqs")
    group = {"MessageGroupId": "only"} if url.endswith(".fifo") else {}
    sqs.send_message(QueueUrl=url, MessageBody=record["body"], **group)  # type: ignore[arg-type]
    (taken,) = sqs.receive_message(QueueUrl=url)["Messages"]
    attributes = {**record.get("attributes", {}), "ApproximateReceiveCount": str(tries)}
    return {**record, "receiptHandle": taken["ReceiptHandle"], "attributes": attributes}


@contextmanager
def waits() -> Iterator[list[int]]:
    """The seconds for which messages are put off meanwhile, in order."""
    heard: list[int] = []

    def hear(params: dict[str, Any], **_: Any) -> None:
        heard.extend(entry["VisibilityTimeout"] for entry in params["Entries"])

    events, call = clients.sqs().meta.events, "provide-client-params.sqs.ChangeMessageVisibilityBatch"
    events.register(call, hear)
    yield heard
    events.unregister(call, hear)
