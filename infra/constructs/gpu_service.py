"""A container of ours as an ECS service that takes its work from a queue: on GPU instances, or wherever ECS runs it."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.city_code import container_image
from infra.constructs.city_stack import CityStack, camel
from infra.constructs.fact_queue import FactQueue
from infra.constructs.worker import accept

DRAIN_SECONDS = 110
"""A worker ends what it has in hand when it is told to stop; ECS grants at most 120 s."""


class GpuService(Construct):
    """containers/<word>/<name> as a task with its own role and logs; `capacity` names the provider of its instances."""

    def __init__(self, stack: CityStack, path: str, *, cluster: ecs.CfnCluster, capacity: str | None) -> None:
        self.name = path.rpartition("/")[2]
        super().__init__(stack, camel(self.name))
        self._stack, self._cluster = stack, cluster
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        task = ecs.Ec2TaskDefinition(
            self, "Task", family=stack.called(self.name), task_role=self.role, network_mode=ecs.NetworkMode.HOST
        )
        self._container = task.add_container(
            self.name,
            image=container_image(stack.settings, path),
            memory_reservation_mib=4096,
            gpu_count=1 if capacity else None,
            stop_timeout=Duration.seconds(DRAIN_SECONDS),
            readonly_root_filesystem=True,
            privileged=False,
            environment={"AWS_REGION": stack.region, "POWERTOOLS_SERVICE_NAME": self.name},
            logging=ecs.LogDriver.aws_logs(
                stream_prefix=self.name,
                log_group=stack.log_group(self, f"/civicam/{stack.settings.environment}/{self.name}"),
            ),
        )
        self._service = self._serve(task, capacity)
        accept(task, "AwsSolutions-ECS2", "the environment holds names of resources; nothing in it is secret")
        if task.execution_role:
            accept(task.execution_role, "AwsSolutions-IAM5[Resource::*]", "ECR's tokens know no resources")

    def tell(self, variable: str, value: str) -> None:
        """Set an environment variable."""
        self._container.add_environment(variable, value)

    def scale_with(self, queue: FactQueue) -> None:
        """One task more while clips wait, one less when none does."""
        fewest, most = self._stack.settings.gpu_workers
        target = scaling.ScalableTarget(
            self,
            "Scale",
            service_namespace=scaling.ServiceNamespace.ECS,
            resource_id=f"service/{self._cluster.ref}/{self._service.attr_name}",
            scalable_dimension="ecs:service:DesiredCount",
            min_capacity=fewest,
            max_capacity=most,
            role=_service_linked_role(self),
        )
        waiting = cloudwatch.Metric(
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            dimensions_map={"QueueName": queue.queue.queue_name},
            statistic="Maximum",
            period=Duration.minutes(1),
        )
        target.scale_on_metric(
            "Waiting",
            metric=waiting,
            cooldown=Duration.minutes(3),
            scaling_steps=[
                scaling.ScalingInterval(upper=0, change=-1),
                scaling.ScalingInterval(lower=1, change=1),
                scaling.ScalingInterval(lower=200, change=2),
            ],
        )

    def _serve(self, task: ecs.Ec2TaskDefinition, capacity: str | None) -> ecs.CfnService:
        """By CloudFormation's own type: CDK's asks for a VPC, which host networking and the laptop have no use for."""
        strategy = ecs.CfnService.CapacityProviderStrategyItemProperty
        return ecs.CfnService(
            self,
            "Service",
            cluster=self._cluster.ref,
            task_definition=task.task_definition_arn,
            service_name=self._stack.called(self.name),
            desired_count=self._stack.settings.gpu_workers[0],
            launch_type=None if capacity else "EC2",
            capacity_provider_strategy=[strategy(capacity_provider=capacity, weight=1)] if capacity else None,
            deployment_configuration=ecs.CfnService.DeploymentConfigurationProperty(
                minimum_healthy_percent=0,
                maximum_percent=100,
                deployment_circuit_breaker=ecs.CfnService.DeploymentCircuitBreakerProperty(enable=True, rollback=True),
            ),
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
        )


def _service_linked_role(scope: Construct) -> iam.IRole:
    return iam.Role.from_role_arn(
        scope,
        "ScalingRole",
        f"arn:aws:iam::{Aws.ACCOUNT_ID}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
    )
