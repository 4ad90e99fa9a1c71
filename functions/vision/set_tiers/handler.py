"""Scheduler tick of a minute -> which cameras' clips go to which tier, by what waits in front of each."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.lines import city_logger
from civicam.aws.tiers import TierSetter
from civicam.contracts.base import now

logger = city_logger()
setter = cache(TierSetter.from_env)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - a tick says nothing
    """The setting that holds from now on."""
    return setter().set(now()).model_dump(mode="json")
