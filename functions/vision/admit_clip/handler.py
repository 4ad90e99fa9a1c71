"""cameras.clip.stored.v1 (SQS batch) -> AnalyseClip, waited for; after the last try vision.clip.abandoned.v1."""

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.allocations import Allocations
from civicam.aws.analyse_machine import AnalyseMachine
from civicam.aws.bus import Bus
from civicam.aws.claims import Claims, ClipState
from civicam.aws.environment import setting
from civicam.aws.lines import city_logger
from civicam.aws.queues import QueueReader
from civicam.contracts.base import now
from civicam.contracts.cameras import ClipStored
from civicam.contracts.errors import CityError
from civicam.contracts.facts import CloudEvent, read_fact
from civicam.vision.abandonment import abandoned
from civicam.vision.admitted import AdmittedClip

logger = city_logger()
processor = QueueReader("CLIP_QUEUE_URL")


def admit(record: SQSRecord) -> None:
    """Have one clip analysed, unless it is judged or its camera is passed over; what fails goes back into the queue.

    A rejected one is looked at again: should its rejection have broken off half-way, that ends it.
    """
    stored = read_fact(json.loads(record.body)["detail"], ClipStored).data
    tries = int(record.attributes.approximate_receive_count)
    logger.append_keys(clip_id=stored.footage.clip_id)
    if Allocations.from_env().passes_over(stored.camera_id):
        Claims.from_env().pass_over(stored.footage.clip_id)
        logger.info("clip passed over")
        return
    try:
        if Claims.from_env().get(stored.footage.clip_id).state is not ClipState.JUDGED:
            AnalyseMachine.from_env().run(AdmittedClip(**dict(stored), waited_s=waited_s(record)))
    except CityError as error:
        if tries >= int(setting("RUN_TRIES")):
            give_up(stored, record.message_id, tries, error)
        raise


def waited_s(record: SQSRecord) -> float:
    """Seconds from when the clip was announced to when it was first taken from the queue."""
    times = record.attributes
    return (int(times.approximate_first_receive_timestamp) - int(times.sent_timestamp)) / 1000


def give_up(stored: ClipStored, message_id: str, tries: int, error: CityError) -> None:
    """Say that the clip goes to the dead letters."""
    fact = abandoned(stored, message_id=message_id, tries=tries, error=error, at=now())
    Claims.from_env().abandon(fact.clip_id, fact.error)
    Bus.from_env().publish([CloudEvent.of(fact)])


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """The clips that could not be analysed: they return to the queue."""
    return process_partial_response(event=event, record_handler=admit, processor=processor, context=context)
