"""Scheduler tick -> small files of the lake's tables joined, old snapshots and unneeded files removed."""

import random
from dataclasses import asdict
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.lake import Lake
from civicam.aws.lake_compaction import compact
from civicam.aws.lines import city_logger
from civicam.contracts.errors import Unavailable

RESERVE_MS = 60_000
"""No table is begun with less time left than this; the order is drawn, so that each has its turn."""

logger = city_logger()
lake = cache(Lake.from_env)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str]]:  # noqa: ARG001 - a tick says nothing
    """Names of the tables that were kept up, and of those that wait for the next tick."""
    names = lake().names()
    done: list[str] = []
    for name in random.sample(names, len(names)):
        if context.get_remaining_time_in_millis() < RESERVE_MS:
            break
        try:
            logger.info("table compacted", table=name, **asdict(compact(lake(), name)))
        except Unavailable as error:
            logger.warning("table left for the next tick", table=name, error=str(error))
        else:
            done.append(name)
    return {"compacted": sorted(done), "waiting": sorted(set(names) - set(done))}
