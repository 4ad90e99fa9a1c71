"""A rule: facts of these types go from the bus to a queue, or where that fails to the queue's dead letters."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets

from civicam.contracts.facts import Fact
from infra.constructs.city_stack import CityStack
from infra.constructs.fact_queue import FactQueue

DELIVERIES, DELIVERY_AGE = 24, Duration.hours(6)
"""How often and how long EventBridge tries before what it has goes to dead letters."""


class FactRule(events.Rule):
    """Routes by the fact classes themselves: a type that no class bears cannot be named."""

    def __init__(self, stack: CityStack, name: str, *, bus: events.IEventBus, facts: Sequence[type[Fact]]) -> None:
        super().__init__(
            stack,
            name,
            event_bus=bus,
            event_pattern=events.EventPattern(detail_type=[fact.TYPE for fact in facts]),
        )

    def to(self, queue: FactQueue) -> "FactRule":
        """Send what matches to the queue, as EventBridge wraps it: the CloudEvent is `detail`."""
        target = targets.SqsQueue(
            queue.queue,
            dead_letter_queue=queue.dead_letters.queue,
            retry_attempts=DELIVERIES,
            max_event_age=DELIVERY_AGE,
        )
        self.add_target(target)
        return self
