"""cameras.clip.stored.v1's data -> the clip's frames in a pack and the detector's order, or the clip in quarantine."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.clip_sampling import ClipSampling
from civicam.vision.admitted import AdmittedClip

logger = Logger()
sampling = cache(ClipSampling.from_env)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda gives both
    """A SampledClip (`outcome` sampled) or a RejectedClip (`outcome` rejected), as the state machine reads them."""
    clip = AdmittedClip.model_validate(event)
    done = sampling().sample(clip)
    logger.info("clip looked at", **done.model_dump(mode="json", exclude={"detected", "order"}))
    return done.model_dump(mode="json")
