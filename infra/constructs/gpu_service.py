"""A container of ours as an ECS service that takes its work from a queue: on GPU instances, or wherever ECS runs it."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.city_stack import CityStack, camel
from infra.constructs.fact_queue import FactQueue
from infra.constructs.task_code import add_code, task_role

CLIPS_A_WORKER = 60
"""A backlog of so many clips for each running worker calls for one more: some ten seconds' work of a T4 (assumed)."""
DRAIN_SECONDS = 90
"""A worker ends what it has in hand when it is told to stop. Spot takes an instance back 120 s after its warning."""


class GpuService(Construct):
    """containers/<word>/<name> as a task with its own role and logs; `capacity` names the provider of its instances."""

    def __init__(self, stack: CityStack, path: str, *, cluster: ecs.CfnCluster, capacity: str | None) -> None:
        self.name = path.rpartition("/")[2]
        super().__init__(stack, camel(self.name))
        self._stack, self._cluster = stack, cluster
        self.role = task_role(self)
        task = ecs.Ec2TaskDefinition(
            self, "Task", family=stack.called(self.name), task_role=self.role, network_mode=ecs.NetworkMode.HOST
        )
        self._container = add_code(
            self,
            stack,
            task,
            path,
            memory_reservation_mib=4096,
            gpu_count=1 if capacity else None,
            stop_timeout=Duration.seconds(DRAIN_SECONDS),
        )
        self._service = self._serve(task, capacity)

    def tell(self, variable: str, value: str) -> None:
        """Set an environment variable."""
        self._container.add_environment(variable, value)

    @property
    def service_name(self) -> str:
        """What ECS calls it."""
        return self._stack.called(self.name)

    def scale_with(self, queue: FactQueue) -> None:
        """By how many clips are in the queue for each running task: none at all, one task less; any at all, one."""
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
        target.scale_on_metric(
            "Backlog",
            metric=self._backlog_a_worker(queue),
            cooldown=Duration.minutes(3),
            scaling_steps=[
                scaling.ScalingInterval(upper=0, change=-1),
                scaling.ScalingInterval(lower=CLIPS_A_WORKER, change=1),
                scaling.ScalingInterval(lower=10 * CLIPS_A_WORKER, change=2),
            ],
        )

    def _backlog_a_worker(self, queue: FactQueue) -> cloudwatch.MathExpression:
        """Clips that wait or are in hand, by running tasks; where none runs, one clip is reason enough to start one."""
        minute = Duration.minutes(1)
        running = cloudwatch.Metric(
            namespace="ECS/ContainerInsights",
            metric_name="RunningTaskCount",
            dimensions_map={"ClusterName": self._cluster.ref, "ServiceName": self.service_name},
            statistic="Maximum",
            period=minute,
        )
        return cloudwatch.MathExpression(
            expression=f"(waiting + held) / IF(FILL(running, 0) > 0, FILL(running, 0), 1 / {CLIPS_A_WORKER})",
            using_metrics={
                "waiting": queue.queue.metric_approximate_number_of_messages_visible(
                    period=minute, statistic="Maximum"
                ),
                "held": queue.queue.metric_approximate_number_of_messages_not_visible(
                    period=minute, statistic="Maximum"
                ),
                "running": running,
            },
            period=minute,
            label="clips a worker",
        )

    def _serve(self, task: ecs.Ec2TaskDefinition, capacity: str | None) -> ecs.CfnService:
        """By CloudFormation's own type: CDK's asks for a VPC, which host networking and the laptop have no use for."""
        strategy = ecs.CfnService.CapacityProviderStrategyItemProperty
        return ecs.CfnService(
            self,
            "Service",
            cluster=self._cluster.ref,
            task_definition=task.task_definition_arn,
            service_name=self.service_name,
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
