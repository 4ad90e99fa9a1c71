"""Every fact on the bus (SQS batch) -> rows of the lake's tables, each fact and revision once."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.lake import Lake
from civicam.contracts.base import now
from civicam.contracts.errors import Unavailable
from civicam.lake.batches import Batch, sort_out

logger = Logger()
lake = cache(Lake.from_env)


def write(batch: Batch) -> tuple[str, ...]:
    """Write one table's rows; the ids of the messages that must come again."""
    try:
        added = lake().append_once(batch.table, batch.rows, batch.batch_id)
    except Unavailable as error:
        logger.warning("facts put back", table=batch.table.name, messages=len(batch.messages), error=str(error))
        return batch.messages
    logger.info("facts written", table=batch.table.name, messages=len(batch.messages), rows=added)
    return ()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:  # noqa: ARG001 - Lambda passes both
    """The messages that could not be written: a fact that nobody knows fails alone, a table's facts together."""
    messages = ((record["messageId"], record["body"]) for record in event["Records"])
    found = sort_out(messages, recorded_at=now())
    for message_id, error in found.rejected.items():
        logger.error("fact refused", message_id=message_id, reason=error.reason, error=str(error))
    failed = [*found.rejected, *(message_id for batch in found.batches for message_id in write(batch))]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
