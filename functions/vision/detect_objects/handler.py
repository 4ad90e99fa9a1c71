"""A clip's order for the pass `objects` -> the boxes of vehicles and people in its frames, in the work store."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.detecting import DetectOrder, detect_clip
from civicam.aws.models import load_detector
from civicam.aws.work import WorkStore
from civicam.vision.catalogue import Task

logger = Logger()
detector = cache(load_detector)
if os.environ.get("MODELS_BUCKET"):
    detector(Task.OBJECTS)  # at init, where Lambda gives more CPU than it bills


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda gives both
    """Where the boxes lie, from how many frames, and how many they are."""
    detection = detect_clip(DetectOrder.model_validate(event), detector(Task.OBJECTS), WorkStore.from_env())
    logger.info("clip detected", clip_id=event["clip_id"], **detection.model_dump())
    return detection.model_dump()
