"""Pull queue -> footage of HTTP sources in the store -> cameras.clip.stored.v1."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.pulling import Puller
from civicam.cameras.pulls import Pull
from civicam.contracts.errors import Rejected

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS)
puller = cache(Puller.from_env)


def record_handler(record: SQSRecord) -> None:
    """One pull. What the source may not do or send is said and let go; what passes is tried again by the queue."""
    pull = Pull.model_validate_json(record.body)
    try:
        outcome = puller().pull(pull)
    except Rejected as error:
        logger.warning("source refused", camera_id=pull.camera_id, reason=error.reason, why=str(error))
        return
    logger.info("source pulled", camera_id=pull.camera_id, outcome=outcome)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Each message on its own: only what failed returns to the queue."""
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)
