"""S3 `Object Created` under clips/ (SQS batch) -> the claim, and cameras.clip.stored.v1 unless it was said already."""

import json
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes import S3EventBridgeNotificationEvent
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.intake import Intake
from civicam.aws.lines import city_logger
from civicam.aws.queues import QueueReader

logger = city_logger()
processor = QueueReader("ARRIVAL_QUEUE_URL")
intake = cache(Intake.from_env)


def announce(record: SQSRecord) -> None:
    """An object that does not describe footage, or that the city would not take, goes to quarantine with a fact."""
    key = S3EventBridgeNotificationEvent(json.loads(record.body)).detail.object.key
    clip = intake().found(key)
    logger.info("object found", key=key, state=clip.state if clip else "quarantined or gone")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """The objects that could not be looked at: they return to the queue."""
    return process_partial_response(event=event, record_handler=announce, processor=processor, context=context)
