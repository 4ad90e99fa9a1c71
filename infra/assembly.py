"""The synthesized templates read as one city: resources by kind, references through all stacks, and who may do what."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

Template = dict[str, Any]
WORKERS = ("AWS::Lambda::Function", "AWS::ECS::TaskDefinition", "AWS::StepFunctions::StateMachine")


@dataclass(frozen=True)
class Resource:
    """One resource of one stack."""

    stack: str
    logical_id: str
    kind: str
    """Such as AWS::SQS::Queue."""
    definition: Template = field(compare=False, repr=False)

    @property
    def properties(self) -> Template:
        """Its properties, empty where it has none."""
        properties: Template = self.definition.get("Properties", {})
        return properties

    @property
    def name(self) -> str:
        """The name that its construct bears: the logical id without CDK's hash."""
        return re.sub(r"[0-9A-F]{8}$", "", self.logical_id)


@dataclass(frozen=True)
class Assembly:
    """All stacks of one environment."""

    folder: Path

    @cached_property
    def templates(self) -> dict[str, Template]:
        """By stack, in the order of their deployment."""
        artifacts = json.loads((self.folder / "manifest.json").read_text())["artifacts"]
        stacks = (name for name, artifact in artifacts.items() if artifact["type"] == "aws:cloudformation:stack")
        return {name: json.loads((self.folder / f"{name}.template.json").read_text()) for name in stacks}

    def resources(self, *kinds: str) -> Iterator[Resource]:
        """The resources of these kinds; all of them when none is named."""
        for stack, template in self.templates.items():
            for logical_id, definition in template.get("Resources", {}).items():
                if not kinds or definition["Type"] in kinds:
                    yield Resource(stack, logical_id, definition["Type"], definition)

    def led_to(self, stack: str, value: Any) -> Resource | None:
        """The resource that a value in a stack refers to, through other stacks' exports; None where it names none."""
        if isinstance(value, list):
            return next((found for part in value if (found := self.led_to(stack, part))), None)
        if not isinstance(value, dict):
            return None
        if "Fn::ImportValue" in value:
            exporter, exported = self._exports[value["Fn::ImportValue"]]
            return self.led_to(exporter, exported)
        logical_id = value.get("Ref") or (value.get("Fn::GetAtt") or [None])[0]
        definition = self.templates[stack]["Resources"].get(logical_id)
        if definition:
            return Resource(stack, logical_id, definition["Type"], definition)
        return next((found for part in value.values() if (found := self.led_to(stack, part))), None)

    def granted(self, action: str) -> Iterator[tuple[Resource, Resource]]:
        """Functions, tasks and machines whose role may do something, with each resource that it may do it to."""
        workers = {(worker.stack, _role(worker)): worker for worker in self.resources(*WORKERS)}
        for policy in self.resources("AWS::IAM::Policy"):
            worker = workers.get((policy.stack, policy.properties["Roles"][0]["Ref"]))
            for statement in policy.properties["PolicyDocument"]["Statement"] if worker else ():
                if worker and action in listed(statement["Action"]):
                    found = (self.led_to(policy.stack, resource) for resource in listed(statement["Resource"]))
                    yield from ((worker, resource) for resource in found if resource)

    @cached_property
    def outputs(self) -> dict[str, tuple[str, Any]]:
        """Of all stacks, by name, with the stack each is in; the exports between stacks are left out."""
        return {
            name: (stack, output["Value"])
            for stack, template in self.templates.items()
            for name, output in template.get("Outputs", {}).items()
            if "Export" not in output
        }

    @cached_property
    def _exports(self) -> dict[str, tuple[str, Any]]:
        return {
            output["Export"]["Name"]: (stack, output["Value"])
            for stack, template in self.templates.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }


def listed(value: Any) -> list[Any]:
    """IAM writes one thing as itself and several as a list: always the list."""
    return value if isinstance(value, list) else [value]


def _role(worker: Resource) -> str:
    told = worker.properties
    reference = told.get("Role") or told.get("TaskRoleArn") or told.get("RoleArn") or {}
    return str(reference.get("Fn::GetAtt", [""])[0])
