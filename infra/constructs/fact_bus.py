"""The bus: every fact of the city passes here, as a CloudEvent in the detail of an event named by the fact's type."""

from aws_cdk import aws_events as events
from constructs import Construct

from infra.constructs.city_stack import CityStack
from infra.constructs.worker import Worker, allow


class FactBus(Construct):
    """BUS_NAME in the environment of who publishes."""

    def __init__(self, stack: CityStack) -> None:
        super().__init__(stack, "FactBus")
        self.bus = events.EventBus(self, "Bus", event_bus_name=stack.called("facts"))
        stack.publish("BUS_NAME", self.bus.event_bus_name)

    def grant_publish(self, worker: Worker) -> None:
        """Let it publish facts, and tell it where."""
        allow(worker, ["events:PutEvents"], self.bus.event_bus_arn)
        worker.tell("BUS_NAME", self.bus.event_bus_name)
