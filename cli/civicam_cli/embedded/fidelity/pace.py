"""A silent function answers when it is done: ministack waits 50 ms after every invocation for a first line of log.

The lines of a function that logs come down the same pipe before its answer, so a much shorter wait loses none of them.
"""

from ministack.core import lambda_runtime

FIRST_LINE_SECONDS, IDLE_SECONDS, MOST_SECONDS = 0.004, 0.002, 0.25


def install() -> None:
    """Shorten the waits of the workers' log reader (its defaults: nobody passes other values)."""
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (FIRST_LINE_SECONDS, IDLE_SECONDS, MOST_SECONDS)
