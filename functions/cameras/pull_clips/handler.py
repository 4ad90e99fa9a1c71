"""Pull queue (errands) -> footage of HTTP sources in the store -> cameras.clip.stored.v1."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.errands import ErrandRunner
from civicam.aws.lines import city_logger
from civicam.aws.queues import QueueReader
from civicam.backbone.backoff import Backoff
from civicam.cameras.errands import Errand

TURN = Backoff(first_seconds=4, longest_seconds=16)
"""Until a turn is free at a host that answers slowly: its errands are late before long."""
logger = city_logger()
processor = QueueReader("PULL_QUEUE_URL", TURN, is_error=False)  # a host that is busy is no error
runner = cache(ErrandRunner.from_env)


def record_handler(record: SQSRecord) -> None:
    """One errand. What a source may not do or send, and that it stays away, is said and let go."""
    ran = runner().run(Errand.model_validate_json(record.body))
    for done in ran.done:
        if done.error is None:
            logger.info("source pulled", camera_id=done.pull.camera_id, outcome=done.outcome)
        else:
            reason = getattr(done.error, "reason", "away")
            logger.warning("source failed", camera_id=done.pull.camera_id, reason=reason, why=str(done.error))
    if ran.left:
        logger.warning("pulls not done", pulls=len(ran.left), first=ran.left[0].camera_id)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Each message on its own: only what failed returns to the queue."""
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)
