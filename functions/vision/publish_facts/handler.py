"""Stream of clip_facts -> the facts that are new in it on the bus, and the clip marked as judged."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.bus import Bus
from civicam.aws.claims import Claims
from civicam.aws.fact_stream import read_change
from civicam.aws.lines import city_logger
from civicam.contracts.ids import LIVE

logger = city_logger()
processor = BatchProcessor(event_type=EventType.DynamoDBStreams)


def publish(record: DynamoDBRecord) -> None:
    """Tell what one change of an item brought; told again it bears the same ids. An item that ran out says nothing."""
    change = read_change(record.raw_event["dynamodb"])
    if change is None:
        return
    Bus.from_env().publish(change.news)
    if change.run == LIVE:
        Claims.from_env().judged(change.clip_id, change.looked)
    logger.info("facts published", clip_id=change.clip_id, facts=len(change.news), revision=change.revision)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Where the stream must be read again from: the first change that could not be published."""
    return process_partial_response(event=event, record_handler=publish, processor=processor, context=context)
