"""Every fact on the bus (SQS batch) -> rows of the lake's tables, each fact and revision once."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.environment import setting
from civicam.aws.lake import Lake
from civicam.aws.lines import city_logger
from civicam.aws.queues import FailedMessage, try_later
from civicam.contracts.base import now
from civicam.contracts.errors import CityError, Unavailable
from civicam.lake.batches import Batch, sort_out

logger = city_logger()
lake = cache(Lake.from_env)


def write(batch: Batch) -> dict[str, CityError]:
    """Write one table's rows; what kept them out, by the ids of the messages that must come again."""
    try:
        added = lake().append_once(batch.table, batch.rows, batch.batch_id)
    except Unavailable as error:
        logger.warning("facts put back", table=batch.table.name, messages=len(batch.messages), error=str(error))
        return dict.fromkeys(batch.messages, error)
    logger.info("facts written", table=batch.table.name, messages=len(batch.messages), rows=added)
    return {}


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:  # noqa: ARG001 - Lambda passes both
    """The messages that could not be written: a fact that nobody knows fails alone, a table's facts together."""
    records = {record.message_id: record for record in SQSEvent(event).records}
    found = sort_out(((message_id, record.body) for message_id, record in records.items()), recorded_at=now())
    for message_id, refusal in found.rejected.items():
        logger.error("fact refused", message_id=message_id, reason=refusal.reason, error=str(refusal))
    failed: dict[str, CityError] = {**found.rejected}
    for batch in found.batches:
        failed |= write(batch)
    put_back = [FailedMessage.of(records[message_id], error) for message_id, error in failed.items()]
    try_later(setting("LAKE_QUEUE_URL"), put_back)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
