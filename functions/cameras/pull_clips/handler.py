"""Pull queue -> footage of HTTP sources in the store -> cameras.clip.stored.v1."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.lines import city_logger
from civicam.aws.pulling import Puller
from civicam.aws.queues import QueueReader
from civicam.backbone.backoff import Backoff
from civicam.cameras.pulls import Pull
from civicam.contracts.errors import Rejected, Unavailable

MOST_READS = 3
"""A source that cannot be read so often is let go until its next pull: dead cameras are no dead letters."""

logger = city_logger()
processor = QueueReader("PULL_QUEUE_URL", Backoff(first_seconds=5), is_error=False)  # a dead camera is no error
puller = cache(Puller.from_env)


def record_handler(record: SQSRecord) -> None:
    """One pull. What the source may not do or send is said and let go, and so is a source that stays away."""
    pull = Pull.model_validate_json(record.body)
    logger.append_keys(camera_id=pull.camera_id)
    try:
        logger.info("source pulled", outcome=puller().pull(pull))
    except Rejected as error:
        logger.warning("source refused", reason=error.reason, why=str(error))
    except Unavailable as error:
        if int(record.attributes.approximate_receive_count) < MOST_READS:
            raise
        logger.warning("source let go", why=str(error))


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Each message on its own: only what failed returns to the queue."""
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)
