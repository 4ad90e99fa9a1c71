"""watch.alert.raised.v1 (SQS batch) -> one signed POST each; what the receiver cannot take waits longer each time.

The queue's maxReceiveCount sends a delivery to the dead letters. A refusal that will not pass (another 4xx) cannot be
moved there from here without the right to write to it; it uses up its tries without waiting instead.
"""

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.lines import city_logger
from civicam.aws.queues import QueueReader
from civicam.aws.webhook import Webhook
from civicam.backbone.backoff import Backoff
from civicam.contracts.facts import read_fact
from civicam.contracts.watch import AlertRaised

logger = city_logger()
processor = QueueReader("WEBHOOK_QUEUE_URL", Backoff(5, 900), is_error=False)  # the fault is not ours


def deliver(record: SQSRecord) -> None:
    """Deliver one alert; whatever fails puts it back into the queue."""
    event = read_fact(json.loads(record.body)["detail"], AlertRaised)
    logger.append_keys(alert_id=event.data.alert.alert_id)
    delivered = Webhook.from_env().deliver(event)
    logger.info("webhook answered" if delivered else "no webhook")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """The deliveries that failed: each returns to the queue when its wait is over."""
    return process_partial_response(event=event, record_handler=deliver, processor=processor, context=context)
