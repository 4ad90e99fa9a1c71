"""What leads to what in the synthesized city: rules, queues, streams, schedules, machines and who may send."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.assembly import Assembly, Resource

DESTINATIONS = {"sqs:SendMessage": "sends", "dynamodb:PutItem": "writes", "states:StartSyncExecution": "asks and waits"}


@dataclass(frozen=True)
class Step:
    """Something happens, something is done about it; what fails lies in the dead letters named."""

    cause: str
    way: str
    effect: str
    failing: str = ""


def by_rules(city: Assembly) -> Iterator[Step]:
    """What EventBridge hands on."""
    for rule in city.resources("AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            effect, failing = _label(city, rule.stack, target["Arn"]), _dead_letters(city, rule.stack, target)
            yield from (Step(cause, f"rule {rule.name}", effect, failing) for cause in _causes(rule))


def by_mappings(city: Assembly) -> Iterator[Step]:
    """Queues and streams that feed a function, and queues from which a container takes."""
    for mapping in city.resources("AWS::Lambda::EventSourceMapping"):
        told = mapping.properties
        source = city.led_to(mapping.stack, told["EventSourceArn"])
        if source is None:
            raise LookupError(f"{mapping.logical_id} reads nothing that is known")
        way = f"batches of {told['BatchSize']}" if told["BatchSize"] > 1 else "one by one"
        if "MaximumBatchingWindowInSeconds" in told:
            way += f", within {told['MaximumBatchingWindowInSeconds']} s"
        failing = _dead_letters(city, mapping.stack, told) or _dead_letters(city, source.stack, source.properties)
        yield Step(source.name, way, _label(city, mapping.stack, told["FunctionName"]), failing)
    for worker, queue in city.granted("sqs:ReceiveMessage"):
        if worker.kind == "AWS::ECS::TaskDefinition":
            failing = _dead_letters(city, queue.stack, queue.properties)
            yield Step(queue.name, "takes one by one", label(worker), failing)


def by_schedules(city: Assembly) -> Iterator[Step]:
    """What the clock starts."""
    for schedule in city.resources("AWS::Scheduler::Schedule"):
        target, way = schedule.properties["Target"], schedule.properties["ScheduleExpression"]
        failing = _dead_letters(city, schedule.stack, target)
        yield Step("clock", way, _label(city, schedule.stack, target["Arn"]), failing)


def by_grants(city: Assembly) -> Iterator[Step]:
    """Who may send to a queue, write to a table that has a stream, ask a machine."""
    machines = "AWS::StepFunctions::StateMachine"
    for action, way in DESTINATIONS.items():
        for worker, resource in city.granted(action):
            is_heard = resource.kind != "AWS::DynamoDB::Table" or "StreamSpecification" in resource.properties
            if is_heard and "DeadLetters" not in resource.name and worker.kind != machines:
                yield Step(label(worker), way, label(resource))


def by_machines(city: Assembly) -> Iterator[Step]:
    """Each task of a machine and what it calls: references stand between the pieces of the definition's text."""
    for machine in city.resources("AWS::StepFunctions::StateMachine"):
        text = ""
        called: list[Resource | None] = []
        for piece in machine.properties["DefinitionString"]["Fn::Join"][1]:
            text += piece if isinstance(piece, str) else f"@{len(called)}@"
            called += [] if isinstance(piece, str) else [city.led_to(machine.stack, piece)]
        for state, task in _tasks(json.loads(text)):
            parameters = json.dumps(task.get("Parameters", {}))
            found = (resource for number, resource in enumerate(called) if f"@{number}@" in parameters)
            yield from (Step(label(machine), state, label(resource)) for resource in found if resource)


def publishers(city: Assembly) -> list[str]:
    """Who may put facts on the bus."""
    return sorted({label(worker) for worker, _ in city.granted("events:PutEvents")})


def label(resource: Resource) -> str:
    """vision/judge_clip for a function, else the construct's name."""
    handler = str(resource.properties.get("Handler", ""))
    if handler.startswith("functions."):
        return "/".join(handler.split(".")[1:3])
    return resource.name.removesuffix("Machine").removesuffix("Task")


def _causes(rule: Resource) -> list[str]:
    pattern = rule.properties["EventPattern"]
    if pattern.get("source") == ["aws.s3"]:
        return [f"object under {pattern['detail']['object']['key'][0]['prefix']}"]
    return list(pattern["detail-type"])


def _tasks(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in definition["States"].items():
        for branch in (*state.get("Branches", []), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])):
            yield from _tasks(branch)
        if state["Type"] == "Task":
            yield name, state


def _label(city: Assembly, stack: str, value: Any) -> str:
    found = city.led_to(stack, value)
    return label(found) if found else str(value)


def _dead_letters(city: Assembly, stack: str, told: dict[str, Any]) -> str:
    places = (
        told.get("DeadLetterConfig", {}).get("Arn"),
        told.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
        told.get("RedrivePolicy", {}).get("deadLetterTargetArn"),
    )
    found = next((place for place in places if place), None)
    return _label(city, stack, found).removesuffix("Queue") if found else ""
