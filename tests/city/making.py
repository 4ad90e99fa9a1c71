"""Small things that tests make in an emulator."""

import io
import json
import signal
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from civicam_cli.embedded.aws import client
from civicam_cli.embedded.city import City

WITH_IMAGES = (sys.executable, str(Path(__file__).with_name("with_images.py")))
"""The emulator as a city runs it, and images whose tasks run whatever Python code is their command."""
BARE = (sys.executable, "-m", "ministack")
"""The same ministack without anything of ours in it."""


def kill(city: City) -> None:
    """End its emulator as a crash would."""
    process = city.running()
    assert process
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    """Until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def make_role(city: City, name: str, service: str, *statements: Mapping[str, Any]) -> str:
    """A role that the service may take, with these rights and no others; returns its ARN."""
    iam = client(city, "iam")
    trust = [{"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=_policy(statements))
    return str(role["Arn"])


def make_function(city: City, name: str, code: str, *statements: Mapping[str, Any]) -> str:
    """A function of one file; returns its name."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("index.py", code)
    client(city, "lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role=make_role(city, f"{name}-role", "lambda", *statements),
        Code={"ZipFile": zipped.getvalue()},
        Timeout=900,
    )
    return name


def register_task(city: City, family: str, code: str, role: str | None = None) -> None:
    """A task definition whose one container runs the Python code."""
    ecs = client(city, "ecs")
    ecs.create_cluster(clusterName="city")
    container = {"name": "task", "image": "civicam/tests/task", "command": [code], "essential": True, "memory": 64}
    with_role = {"taskRoleArn": role} if role else {}
    ecs.register_task_definition(family=family, containerDefinitions=[container], **with_role)


def run_task(city: City, code: str, role: str | None = None) -> str:
    """A task that runs the Python code; returns its ARN."""
    register_task(city, "task", code, role)
    return str(client(city, "ecs").run_task(cluster="city", taskDefinition="task")["tasks"][0]["taskArn"])


def stopped_task(city: City, arn: str) -> dict[str, Any]:
    """The task, once it has stopped."""
    tasks: list[dict[str, Any]] = []

    def stopped() -> bool:
        tasks[:] = client(city, "ecs").describe_tasks(cluster="city", tasks=[arn])["tasks"]
        return bool(tasks[0]["lastStatus"] == "STOPPED")

    wait_for(stopped)
    return tasks[0]


def run_machine(city: City, name: str, states: Mapping[str, Any]) -> dict[str, Any]:
    """A state machine that begins with `Start`, run once to its end; returns the execution's description."""
    steps = client(city, "stepfunctions")
    machine = steps.create_state_machine(
        name=name,
        definition=json.dumps({"StartAt": "Start", "States": states}),
        roleArn=make_role(city, f"{name}-role", "states"),
    )
    execution = steps.start_execution(stateMachineArn=machine["stateMachineArn"], input="{}")["executionArn"]
    wait_for(lambda: steps.describe_execution(executionArn=execution)["status"] != "RUNNING", 30)
    described: dict[str, Any] = steps.describe_execution(executionArn=execution)
    return described


def create_stack(city: City, name: str, resources: Mapping[str, Any]) -> dict[str, Any]:
    """A stack of these resources, described once it stands or has failed."""
    formation = client(city, "cloudformation")
    formation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    wait_for(lambda: not formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"].endswith("_IN_PROGRESS"))
    described: dict[str, Any] = formation.describe_stacks(StackName=name)["Stacks"][0]
    return described


def _policy(statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})
