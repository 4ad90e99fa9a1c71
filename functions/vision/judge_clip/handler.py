"""vision.clip.detected.v1 (FIFO queue, a group a camera) -> the clip's facts, in one conditional put each."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.clip_facts import ClipFacts
from civicam.aws.queues import FifoReader
from civicam.aws.registry import Registry
from civicam.aws.work import WorkStore
from civicam.contracts.base import now
from civicam.contracts.errors import Unavailable
from civicam.contracts.facts import read_fact
from civicam.contracts.vision import ClipDetected
from civicam.vision.judging import Judged, State, judge
from civicam.vision.succession import judged_first, mended

logger = Logger()
processor = FifoReader("JUDGE_QUEUE_URL")
registry, work = cache(Registry.from_env), cache(WorkStore.from_env)


def judge_from(clip: ClipDetected, before: State) -> Judged:
    """The clip judged by the profile that it was sampled for, from its stored boxes."""
    profile = registry().camera_version(clip.camera_id, clip.profile_version).profile
    boxes = {name: work().boxes(uri) for name, uri in clip.boxes.items()}
    return judge(profile, clip, boxes, before, judged_at=now())


def judge_clip(record: SQSRecord) -> None:
    """Judge one clip, once; then those after it that would start from something else now."""
    detected = read_fact(record.body, ClipDetected)
    table, clip = ClipFacts.from_env(), detected.data
    standing = table.get(clip)
    if standing is None:
        standing = judged_first(detected, table.predecessor(clip), judge_from)
        if not table.put_once(standing):
            raise Unavailable(f"clip {clip.footage.clip_id} was judged by somebody else just now")
        logger.info("clip judged", clip_id=clip.footage.clip_id, facts=len(standing.facts))
    for revised in mended(standing, table.successors(clip), judge_from):
        table.put_revision(revised)
        logger.info("clip judged again", clip_id=revised.clip.footage.clip_id, revision=revised.revision)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """The clips that could not be judged, with those of the same camera behind them: they return to the queue."""
    return process_partial_response(event=event, record_handler=judge_clip, processor=processor, context=context)
