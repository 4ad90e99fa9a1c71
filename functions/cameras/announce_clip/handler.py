"""S3 `Object Created` under clips/ -> the claim, and cameras.clip.stored.v1 unless whoever stored it says so."""

from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import S3EventBridgeNotificationEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.intake import Intake

logger = Logger()
intake = cache(Intake.from_env)


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=S3EventBridgeNotificationEvent)
def handler(event: S3EventBridgeNotificationEvent, context: LambdaContext) -> None:  # noqa: ARG001 - Lambda gives both
    """An object that does not describe footage, or that the city would not take, goes to quarantine with a fact."""
    key = event.detail.object.key
    clip = intake().found(key)
    logger.info("object found", key=key, state=clip.state if clip else "quarantined or gone")
