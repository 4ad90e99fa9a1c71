"""Scheduler tick of a minute -> one message per pull of that minute, held back until it is due."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.lines import city_logger
from civicam.aws.pulling import PullQueue
from civicam.aws.registry import Registry
from civicam.cameras.pulls import minute_of, plan
from civicam.contracts.base import now

logger = city_logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - Lambda gives both
    """Plan the minute of the tick's own `time`, however late it comes; the present one where a call names none."""
    at = now()
    minute = minute_of(datetime.fromisoformat(event["time"]) if "time" in event else at)
    pulls = (pull for camera in Registry.from_env().all() for pull in plan(camera, minute))
    logger.info("minute planned", minute=minute.isoformat(), pulls=PullQueue.from_env().send(pulls, at))
