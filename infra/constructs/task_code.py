"""A container of ours in an ECS task: its image, its logs, and what cdk-nag is told of it."""

from typing import Any

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.city_code import container_image
from infra.constructs.city_stack import CityStack
from infra.constructs.worker import accept


def task_role(scope: Construct) -> iam.Role:
    """What a task may do: nothing yet."""
    return iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))


def add_code(
    scope: Construct, stack: CityStack, task: ecs.TaskDefinition, path: str, **more: Any
) -> ecs.ContainerDefinition:
    """The container of containers/<word>/<name> in the task, unprivileged, nothing of its image writable."""
    name = path.rpartition("/")[2]
    container = task.add_container(
        name,
        image=container_image(stack.settings, path),
        readonly_root_filesystem=True,
        privileged=False,
        environment={"AWS_REGION": stack.region, "POWERTOOLS_SERVICE_NAME": name},
        logging=ecs.LogDriver.aws_logs(
            stream_prefix=name, log_group=stack.log_group(scope, f"/civicam/{stack.settings.environment}/{name}")
        ),
        **more,
    )
    accept(task, "AwsSolutions-ECS2", "the environment holds names of resources; nothing in it is secret")
    if task.execution_role:
        accept(task.execution_role, "AwsSolutions-IAM5[Resource::*]", "ECR's tokens know no resources")
    return container
