"""Queues, seen from who reads them: what failed returns when its wait is over, not when the queue's timeout is."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    ExceptionInfo,
    FailureResponse,
    SqsFifoPartialProcessor,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import BotoCoreError, ClientError

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.backbone.backoff import Backoff

MESSAGES_PER_CALL = 10
"""What a batch call to SQS takes (SQS quota)."""
SOON = Backoff()
logger = Logger(child=True)


@dataclass(frozen=True)
class FailedMessage:
    """A message in hand that was tried `tries` times, the last time in vain."""

    receipt_handle: str
    tries: int
    error: BaseException

    @classmethod
    def of(cls, record: SQSRecord, error: BaseException) -> "FailedMessage":
        """The message behind a record that Lambda passed on."""
        return cls(record.receipt_handle, int(record.attributes.approximate_receive_count), error)


def hide_all(queue_url: str, receipt_handles: Sequence[str], seconds: int) -> None:
    """Keep messages that are being worked on out of sight for this long from now on; 0 puts them back at once.

    Those that SQS refuses were worked off in the meantime, or are somebody else's by now.
    """
    for start in range(0, len(receipt_handles), MESSAGES_PER_CALL):
        handles = receipt_handles[start : start + MESSAGES_PER_CALL]
        clients.sqs().change_message_visibility_batch(
            QueueUrl=queue_url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": seconds}
                for number, handle in enumerate(handles)
            ],
        )


def try_later(queue_url: str, messages: Sequence[FailedMessage], backoff: Backoff = SOON) -> None:
    """Have each message return when its wait is over; where SQS does not hear of it, with the queue's own timeout."""
    for start in range(0, len(messages), MESSAGES_PER_CALL):
        batch = messages[start : start + MESSAGES_PER_CALL]
        try:
            answer = clients.sqs().change_message_visibility_batch(
                QueueUrl=queue_url,
                Entries=[
                    {
                        "Id": str(number),
                        "ReceiptHandle": message.receipt_handle,
                        "VisibilityTimeout": _drawn(message, backoff),
                    }
                    for number, message in enumerate(batch)
                ],
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("messages return late", messages=len(batch), error=str(error))
        else:
            if refused := answer.get("Failed"):
                logger.warning("messages return late", messages=len(refused), error=refused[0].get("Message"))


class QueueReader(BatchProcessor):
    """Reads a batch of the queue that the variable names; what fails is said, and returns alone.

    With `is_error` a batch of which nothing succeeded is an error of the function too.
    """

    def __init__(self, variable: str, backoff: Backoff = SOON, *, is_error: bool = True) -> None:
        super().__init__(EventType.SQS, raise_on_entire_batch_failure=is_error)
        self._variable, self._backoff = variable, backoff

    def failure_handler(self, record: SQSRecord, exception: ExceptionInfo) -> FailureResponse:
        """Called by Powertools for each message that failed, or that stands behind one that did."""
        error = exception[1] or RuntimeError("unknown")
        failed = FailedMessage.of(record, error)
        logger.warning("message put back", message_id=record.message_id, tries=failed.tries, error=str(error))
        try_later(setting(self._variable), [failed], self._backoff)
        return super().failure_handler(record, exception)


class FifoReader(QueueReader, SqsFifoPartialProcessor):
    """The same for a queue in order: what stands behind a failed message of its group returns with it, untried."""

    def __init__(self, variable: str, backoff: Backoff = SOON) -> None:
        SqsFifoPartialProcessor.__init__(self, skip_group_on_error=True)
        self._variable, self._backoff = variable, backoff


def _drawn(message: FailedMessage, backoff: Backoff) -> int:
    return backoff.wait_seconds(message.error, message.tries, chance=secrets.randbelow(1000) / 1000)
