"""vision.clip.detected.v1 (FIFO queue, a group a camera) -> the clip's facts, in one conditional put each."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.judging_line import JudgingLine
from civicam.aws.lines import city_logger
from civicam.aws.queues import FifoReader
from civicam.contracts.facts import read_fact
from civicam.contracts.vision import ClipDetected

logger = city_logger()
processor = FifoReader("JUDGE_QUEUE_URL")
line = cache(JudgingLine.from_env)


def judge_clip(record: SQSRecord) -> None:
    """Judge one clip, once; then those after it that would start from something else now."""
    for judged in line().judge(read_fact(record.body, ClipDetected)):
        clip_id = judged.clip.footage.clip_id
        logger.info("clip judged", clip_id=clip_id, facts=len(judged.facts), revision=judged.revision)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """The clips that could not be judged, with those of the same camera behind them: they return to the queue."""
    return process_partial_response(event=event, record_handler=judge_clip, processor=processor, context=context)
