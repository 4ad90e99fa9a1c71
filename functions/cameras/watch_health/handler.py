"""Scheduler tick of a minute -> the health of every camera; cameras.health.changed.v1 where it is another one."""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.health_watch import HealthWatch
from civicam.contracts.base import now

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - a tick says nothing
    """What the round came to. What could not be told is told by the next one."""
    watched = asdict(HealthWatch.from_env().watch(now()))
    logger.info("cameras watched", **watched)
    return watched
