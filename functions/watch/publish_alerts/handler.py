"""Stream of the alerts table -> watch.alert.raised.v1, watch.alert.acknowledged.v1 on the bus."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.alerts import read_change
from civicam.aws.bus import Bus
from civicam.aws.lines import city_logger
from civicam.contracts.facts import CloudEvent
from civicam.watch.facts import change

logger = city_logger()
processor = BatchProcessor(event_type=EventType.DynamoDBStreams)


def publish(record: DynamoDBRecord) -> None:
    """Tell what one change of an alert means; the same change told twice bears the same id."""
    before, after = read_change(record)
    fact = change(before, after)
    if fact is None:
        return
    Bus.from_env().publish([CloudEvent.of(fact)])
    logger.info("alert published", type=fact.TYPE, alert_id=fact.alert.alert_id)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Where the stream must be read again from: the first change that could not be published."""
    return process_partial_response(event=event, record_handler=publish, processor=processor, context=context)
