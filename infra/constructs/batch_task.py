"""A container of ours as an ECS task that is started for one piece of work: on Fargate, or wherever ECS runs it."""

from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infra.constructs.city_stack import CityStack, camel
from infra.constructs.task_code import add_code, task_role

VCPUS, GB = 1, 4


class BatchTask(Construct):
    """containers/<word>/<name> with its own role and logs; `network` is where Fargate places it."""

    def __init__(self, stack: CityStack, path: str, *, cluster: ecs.CfnCluster, network: ec2.IVpc | None) -> None:
        self.name = path.rpartition("/")[2]
        super().__init__(stack, camel(self.name))
        self.cluster, self._network = cluster, network
        self.role = task_role(self)
        self.definition = ecs.TaskDefinition(
            self,
            "Task",
            family=stack.called(self.name),
            compatibility=ecs.Compatibility.FARGATE if network else ecs.Compatibility.EC2,
            network_mode=ecs.NetworkMode.AWS_VPC if network else ecs.NetworkMode.HOST,
            task_role=self.role,
            cpu=str(VCPUS * 1024),
            memory_mib=str(GB * 1024),
            volumes=[ecs.Volume(name="scratch")],
        )
        self._container = add_code(self, stack, self.definition, path, memory_reservation_mib=GB * 1024)
        self._container.add_mount_points(
            ecs.MountPoint(container_path="/tmp", source_volume="scratch", read_only=False)  # noqa: S108 - in the image
        )
        self._groups = [self._closed(network)] if network else []

    def tell(self, variable: str, value: str) -> None:
        """Set an environment variable."""
        self._container.add_environment(variable, value)

    @property
    def roles(self) -> list[str]:
        """The roles that whoever starts it hands on: its own, and that of the agent that fetches its image."""
        execution = self.definition.execution_role
        return [self.role.role_arn, *([execution.role_arn] if execution else [])]

    def run(self, environment: dict[str, str]) -> dict[str, Any]:
        """The parameters of a state that starts it with these variables besides its own (`.$` for a path)."""
        variables = [{"Name": name.removesuffix(".$"), _value(name): value} for name, value in environment.items()]
        told = {
            "Cluster": self.cluster.attr_arn,
            "TaskDefinition": self.definition.task_definition_arn,
            "LaunchType": "FARGATE" if self._network else "EC2",
            "Overrides": {"ContainerOverrides": [{"Name": self.name, "Environment": variables}]},
        }
        return told | ({"NetworkConfiguration": self._placed(self._network)} if self._network else {})

    def _closed(self, network: ec2.IVpc) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, "Closed", vpc=network, description="replays: call out, nobody calls in", allow_all_outbound=True
        )

    def _placed(self, network: ec2.IVpc) -> dict[str, Any]:
        return {
            "AwsvpcConfiguration": {
                "AssignPublicIp": "DISABLED",
                "Subnets": [subnet.subnet_id for subnet in network.private_subnets],
                "SecurityGroups": [group.security_group_id for group in self._groups],
            }
        }


def _value(name: str) -> str:
    return "Value.$" if name.endswith(".$") else "Value"
