"""S3 `Object Created` under inbox/ (uploads, drops) -> the clip with its cameras.clip.stored.v1, or its refusal."""

import json
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes import S3EventBridgeNotificationEvent
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.inbox import Inbox
from civicam.aws.queues import QueueReader

logger = Logger()
processor = QueueReader("UPLOAD_QUEUE_URL")
inbox = cache(Inbox.from_env)


def claim(record: SQSRecord) -> None:
    """One object. Its name may be a person's words, so it is not logged."""
    key = S3EventBridgeNotificationEvent(json.loads(record.body)).detail.object.key
    clip = inbox().arrived(key)
    logger.info(
        "inbox emptied", clip_id=clip.footage.clip_id if clip else None, state=clip.state if clip else "refused"
    )


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """The objects that could not be looked at: they return to the queue."""
    return process_partial_response(event=event, record_handler=claim, processor=processor, context=context)
