"""The reader of a queue gets the batches that it asked for: so many messages, gathered for so long.

ministack hands over ten messages at most, and at once. Then each commit to the lake has a few rows, not hundreds, and
S3's events are looked at before whoever stored the clip has said so.
"""

import time
from collections.abc import Mapping
from typing import Any

from ministack.services import lambda_svc, sqs

PAYLOAD_BYTES = 6_000_000
"""What an invocation may carry (Lambda quotas)."""
Message = dict[str, Any]


def install() -> None:
    """Replace what takes messages for a function, and have readers with a window wait for its end."""
    limit = lambda_svc._sqs_esm_concurrency

    def at_once(mapping: Mapping[str, Any], function: Any, config: Any, queue: Mapping[str, Any]) -> int:
        return int(limit(mapping, function, config, queue)) if is_ripe(mapping, queue, time.time()) else 0

    lambda_svc._sqs_esm_concurrency = at_once
    sqs._receive_messages_for_esm = receive


def receive(queue_url: str, most: int) -> list[Message]:
    """As many messages as the mapping asked for and one invocation can carry, in the function's hands from now on."""
    with sqs._queues_lock:
        queue = sqs._get_q(queue_url)
        sqs._expire_retained(queue)
        sqs._dlq_sweep(queue)
        seconds = int(queue["attributes"].get("VisibilityTimeout", "30"))
        taken: list[Message] = sqs._collect_msgs(queue, _fitting(queue, most), seconds)
        return taken


def is_ripe(mapping: Mapping[str, Any], queue: Mapping[str, Any], now: float) -> bool:
    """Whether the mapping's window is over for the first of the messages that wait, or a batch of them is full."""
    window = mapping.get("MaximumBatchingWindowInSeconds", 0)
    if not window:
        return True
    since = [message["visible_at"] for message in _waiting(queue, now)]
    return bool(since) and (len(since) >= mapping.get("BatchSize", 10) or now - min(since) >= window)


def _fitting(queue: Mapping[str, Any], most: int) -> int:
    """How many of the first that wait go into one invocation; one always does."""
    size = 0
    for number, message in enumerate(_waiting(queue, time.time())[:most]):
        size += len(message["body"])
        if size > PAYLOAD_BYTES:
            return max(1, number)
    return most


def _waiting(queue: Mapping[str, Any], now: float) -> list[Message]:
    return [message for message in list(queue["messages"]) if message.get("visible_at", now) <= now]
