"""Readers of queues: what failed returns soon and alone, whatever failed, and whoever stands behind it with it."""

import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from civicam.aws.queues import FailedMessage, FifoReader, QueueReader, try_later
from civicam.backbone.backoff import Backoff
from civicam.contracts.errors import Rejected, Unavailable
from tests.fakes.city_in_moto import Context, city_in_moto
from tests.fakes.queue import make_queue, received, waits

pytestmark = pytest.mark.unit
SHORT = Backoff(first_seconds=4, longest_seconds=8)
ERRORS = {
    "away": Unavailable("away"),
    "asked": Unavailable("away", 7),
    "bad": Rejected("bad", "bad"),
    "bug": KeyError(),
}


@pytest.fixture(autouse=True)
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with city_in_moto(monkeypatch):
        monkeypatch.setenv("SOME_QUEUE_URL", make_queue("some"))
        yield


def record(body: str, group: str = "a", *, tries: int = 1) -> dict[str, Any]:
    like = {"messageId": body, "body": body, "eventSource": "aws:sqs", "attributes": {"MessageGroupId": group}}
    return received(os.environ["SOME_QUEUE_URL"], like, tries=tries)


def fail_as_told(record: SQSRecord) -> None:
    if record.body in ERRORS:
        raise ERRORS[record.body]


def read(reader: QueueReader, *records: dict[str, Any]) -> list[str]:
    answer = process_partial_response(
        event={"Records": list(records)}, record_handler=fail_as_told, processor=reader, context=Context()
    )
    return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


def test_only_what_failed_returns_and_each_as_its_failure_asks() -> None:
    with waits() as heard:
        assert read(QueueReader("SOME_QUEUE_URL", SHORT), *map(record, ["well", *ERRORS])) == list(ERRORS)
    away, asked, bad, bug = heard
    assert 2 <= away <= 4
    assert (asked, bad) == (7, 0)
    assert 2 <= bug <= 4


def test_a_wait_grows_with_the_tries() -> None:
    with waits() as heard:
        read(QueueReader("SOME_QUEUE_URL", SHORT), record("well"), record("away", tries=2), record("away", tries=9))
    assert all(4 <= wait <= 8 for wait in heard)


def test_a_message_that_failed_is_there_again_when_its_wait_is_over() -> None:
    read(QueueReader("SOME_QUEUE_URL", Backoff(1, 1)), record("well"), record("away"))
    answer = boto3.client("sqs").receive_message(QueueUrl=os.environ["SOME_QUEUE_URL"], WaitTimeSeconds=3)
    assert [message["Body"] for message in answer["Messages"]] == ["away"]


def test_what_stands_behind_a_failure_of_its_group_returns_with_it_untried() -> None:
    records = [record("away", "a"), record("well", "a"), record("well", "b")]
    with waits() as heard:
        assert read(FifoReader("SOME_QUEUE_URL"), *records) == ["away", "well"]
    assert len(heard) == 2
    assert max(heard) <= 2


@pytest.mark.parametrize("is_error", [True, False])
def test_a_batch_that_failed_as_a_whole_is_an_error_where_it_is_ours(is_error: bool) -> None:
    reader = QueueReader("SOME_QUEUE_URL", is_error=is_error)
    with waits() as heard:
        if is_error:
            with pytest.raises(BatchProcessingError):
                read(reader, record("away"))
        else:
            assert read(reader, record("away")) == ["away"]
    assert len(heard) == 1


def test_many_messages_are_put_off_ten_a_call() -> None:
    failed = [FailedMessage.of(SQSRecord(record("away")), ERRORS["away"]) for _ in range(23)]
    with waits() as heard:
        try_later(os.environ["SOME_QUEUE_URL"], failed)
    assert len(heard) == 23


@pytest.mark.parametrize("handle", ["nobody's", None])
def test_a_message_that_cannot_be_put_off_takes_nothing_else_down(handle: str | None) -> None:
    gone = record("away") | ({"receiptHandle": handle} if handle else {})
    if handle is None:
        boto3.client("sqs").delete_queue(QueueUrl=os.environ["SOME_QUEUE_URL"])
    assert read(QueueReader("SOME_QUEUE_URL"), gone, {**gone, "messageId": "well", "body": "well"}) == ["away"]
