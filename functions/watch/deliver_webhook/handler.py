"""watch.alert.raised.v1 (SQS batch) -> one signed POST each; what the receiver cannot take waits longer each time.

The queue's maxReceiveCount sends a delivery to the dead letters. A refusal that will not pass (another 4xx) cannot be
moved there from here without the right to write to it; it uses up its tries without waiting instead.
"""

import json
import secrets
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.environment import setting
from civicam.aws.queues import postpone
from civicam.aws.webhook import TryLater, Webhook
from civicam.contracts.errors import Rejected
from civicam.contracts.facts import read_fact
from civicam.contracts.watch import AlertRaised
from civicam.watch.backoff import wait_seconds

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)  # the fault is not ours


def deliver(record: SQSRecord) -> None:
    """Deliver one alert, or say when to try again and fail."""
    event = read_fact(json.loads(record.body)["detail"], AlertRaised)
    alert_id, tries = event.data.alert.alert_id, int(record.attributes.approximate_receive_count)
    try:
        delivered = Webhook.from_env().deliver(event)
    except TryLater as error:
        wait = wait_seconds(tries, chance=secrets.randbelow(1000) / 1000, asked_seconds=error.asked_seconds)
        logger.warning("webhook later", alert_id=alert_id, tries=tries, wait_seconds=wait, error=str(error))
        postpone(setting("WEBHOOK_QUEUE_URL"), record.receipt_handle, wait)
        raise
    except Rejected as error:
        logger.warning("webhook refused", alert_id=alert_id, tries=tries, error=str(error))
        postpone(setting("WEBHOOK_QUEUE_URL"), record.receipt_handle, 0)
        raise
    logger.info("webhook answered" if delivered else "no webhook", alert_id=alert_id, tries=tries)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """The deliveries that failed: each returns to the queue when its wait is over."""
    return process_partial_response(event=event, record_handler=deliver, processor=processor, context=context)
