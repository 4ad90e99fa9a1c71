"""Scheduler tick of a minute -> the errands of that minute, each held back until it is due; what is shed is told."""

from collections import Counter
from datetime import datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.errands import MinutePlanner
from civicam.aws.lines import city_logger
from civicam.cameras.planning import MinutePlan
from civicam.cameras.pulls import minute_of
from civicam.contracts.base import now, utc_text

TOLD = 50
logger = city_logger()
planner = cache(MinutePlanner.from_env)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - Lambda gives both
    """Plan the minute of the tick's own `time`, however late it comes; the present one where a call names none."""
    at = now()
    minute = minute_of(datetime.fromisoformat(event["time"]) if "time" in event else at)
    planned = planner().plan(minute, at)
    logger.info(
        "minute planned",
        minute=utc_text(minute),
        errands=len(planned.errands),
        pulls=planned.pulls,
        left_alone=planned.paused,
    )
    if planned.shed:
        tell_shed(planned)


def tell_shed(planned: MinutePlan) -> None:
    """Which pulls the minute has no room for: a count by priority and limit, and the first of the cameras."""
    counts = Counter[tuple[str, str]]()
    for shed in planned.shed:
        counts[shed.camera.profile.priority, shed.by] += shed.pulls
    for (priority, limiter), pulls in counts.items():
        with single_metric(name="PullsShed", unit=MetricUnit.Count, value=pulls) as metric:
            metric.add_dimension(name="priority", value=priority)
            metric.add_dimension(name="limit", value=limiter)
    logger.warning(
        "pulls shed",
        pulls={f"{priority} by {limiter}": pulls for (priority, limiter), pulls in sorted(counts.items())},
        cameras=[shed.camera.camera_id for shed in planned.shed[:TOLD]],
    )
