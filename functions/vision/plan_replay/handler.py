"""What somebody wants replayed -> the replay, planned: its manifest and what it will take. Nothing runs yet."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.lines import city_logger
from civicam.aws.replay_planning import Planning
from civicam.contracts.errors import Rejected
from civicam.contracts.replay import Refusal, ReplayWish

logger = city_logger()
planning = cache(Planning.from_env)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda gives both
    """A `Replay`, as its table has it now, or a `Refusal`."""
    try:
        plan = planning().plan(ReplayWish.model_validate(event))
    except Rejected as error:
        return Refusal(refused=error.reason, message=str(error)).model_dump()
    logger.info("replay planned", run=plan.run, batches=plan.batches, **plan.estimate.model_dump())
    return plan.model_dump(mode="json")
