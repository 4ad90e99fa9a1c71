"""cameras.clip.stored.v1's data -> the boxes of every pass over the clip, an order for the GPU tier, or quarantine."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.clip_looking import ClipLooking
from civicam.aws.lines import city_logger
from civicam.aws.models import load_clip_detector
from civicam.vision.admitted import AdmittedClip

logger = city_logger()
detector = cache(load_clip_detector)
looking = cache(lambda: ClipLooking.from_env(detector))
if os.environ.get("MODELS_BUCKET"):
    detector()  # at init, where Lambda gives more CPU than it bills


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda gives both
    """A SeenClip, SampledClip or RejectedClip: its `outcome` is what the state machine goes by."""
    done = looking().look(AdmittedClip.model_validate(event))
    told = done.model_dump(mode="json", exclude={"detected": True, "order": True, "passes": {"__all__": {"boxes_uri"}}})
    logger.info("clip looked at", **told)
    return done.model_dump(mode="json")
