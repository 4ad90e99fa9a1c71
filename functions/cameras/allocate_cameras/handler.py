"""Scheduler tick of a minute -> which cameras are analysed; cameras.allocation.changed.v1 where that is another."""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.allocating import Allocator
from civicam.contracts.base import now

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001 - a tick says nothing
    """What the round came to. What could not be told is told by the next one."""
    chosen = asdict(Allocator.from_env().choose(now()))
    logger.info("cameras chosen", **chosen)
    return chosen
