"""A clip's order -> the boxes of every pass that its camera's analytics read, in the work store."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.detecting import detect_clip
from civicam.aws.models import load_clip_detector
from civicam.aws.work import WorkStore
from civicam.vision.orders import DetectOrder

logger = Logger()
detector = cache(load_clip_detector)
if os.environ.get("MODELS_BUCKET"):
    detector()  # at init, where Lambda gives more CPU than it bills


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda gives both
    """By pass: where the boxes lie, from how many frames, and how many they are."""
    order = DetectOrder.model_validate(event)
    done = {name: one.model_dump() for name, one in detect_clip(order, detector(), WorkStore.from_env()).items()}
    logger.info("clip detected", clip_id=order.clip_id, passes=done)
    return done
