"""What a function's log lines say: as Powertools has them, less what the name of their log group says already."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

SAID_BY_THE_LOG_GROUP = ("function_arn", "function_memory_size")
"""A sixth of the bytes of a line; CloudWatch takes its price by the byte (docs/decisions/0022)."""


class ShortLines(LambdaPowertoolsFormatter):
    """JSON lines without those keys."""

    def serialize(self, log: Any) -> str:
        """The line."""
        return super().serialize({name: said for name, said in log.items() if name not in SAID_BY_THE_LOG_GROUP})


def city_logger() -> Logger:
    """The logger of a function or task; its modules' own are `Logger(child=True)`."""
    return Logger(logger_formatter=ShortLines())
