"""Scheduler tick of a minute -> clips that still wait are announced again, objects without a claim are claimed."""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.lines import city_logger
from civicam.aws.sweeping import Sweeper

logger = city_logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - a tick says nothing
    """One bounded round; a clip that was announced too often is given up and left to an operator."""
    swept = Sweeper.from_env().sweep()
    (logger.error if swept.given_up else logger.info)("swept", **asdict(swept))
