"""Replay: every batch of a manifest as an ECS task of its own, so many at once. Standard, for it takes hours."""

from typing import Any

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.batch_task import BatchTask
from infra.constructs.city_bucket import CityBucket
from infra.constructs.city_stack import FIVE_MINUTES, CityStack
from infra.constructs.worker import accept, allow, legible

LABEL = "Batches"
TOLERATED_PERCENT = 10
"""Batches that may fail to the last try before the rest is given up: more than that is no batch's own fault."""
BATCH_HOURS = 3
"""Ten to twenty minutes' work: a task that takes so long hangs."""
TASK_RULE = "StepFunctionsGetEventsForECSTaskRule"
"""By this rule, which Step Functions makes itself, it hears that a task has stopped."""


class ReplayMachine(Construct):
    """Reads the manifest that plan_replay wrote, and runs the task for each of its batches."""

    def __init__(self, stack: CityStack, *, task: BatchTask, work: CityBucket) -> None:
        super().__init__(stack, "Replay")
        self._stack = stack
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        self._name = stack.called("replay")
        every_batch = sfn.CustomState(self, "EveryBatch", state_json=_every_batch(task, work, stack))
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=self._name,
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_chainable(every_batch),
            role=self.role,
            timeout=Duration.days(7),
            tracing_enabled=stack.settings.tracing,
            logs=sfn.LogOptions(
                destination=stack.log_group(self, f"/aws/vendedlogs/states/{self._name}"), level=sfn.LogLevel.ALL
            ),
        )
        failed = self.machine.metric_failed(period=FIVE_MINUTES, statistic="Sum")
        stack.wake_up(self, failed, when="a replay failed: `civicam replay show` says at which batch")
        stack.publish("REPLAY_ARN", self.machine.state_machine_arn)
        accept(self.role, "AwsSolutions-IAM5[Resource::*]", "log delivery and X-Ray know no resources")
        work.grant_read(self, "replays/*")
        self._let_map()
        self._let_run(task)

    def tell(self, variable: str, value: str) -> None:
        """A machine has no environment: what it needs stands in its definition."""

    def _let_map(self) -> None:
        """Start an execution of itself for each batch, look at those and stop them: they bear the map's label."""
        children = self._arn("states", f"execution:{self._name}/{LABEL}:*")
        allow(self, ["states:StartExecution"], self._arn("states", f"stateMachine:{self._name}"))
        allow(self, ["states:DescribeExecution", "states:StopExecution"], children)
        accept(self.role, f"AwsSolutions-IAM5[Resource::{legible(children)}]", "the batches of replays come and go")

    def _let_run(self, task: BatchTask) -> None:
        """Start the task, wait for it, and stop it when the replay is stopped: its id is not known before."""
        tasks = self._arn("ecs", f"task/{self._stack.called('city')}/*")
        allow(self, ["ecs:RunTask"], task.definition.task_definition_arn)
        allow(self, ["ecs:DescribeTasks", "ecs:StopTask"], tasks)
        allow(self, ["iam:PassRole"], *task.roles)
        rule = self._arn("events", f"rule/{TASK_RULE}")
        allow(self, ["events:PutTargets", "events:PutRule", "events:DescribeRule"], rule)
        accept(self.role, f"AwsSolutions-IAM5[Resource::{legible(tasks)}]", "tasks of the city's cluster come and go")

    def _arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self._stack.settings.region}:{Aws.ACCOUNT_ID}:{rest}"


def _every_batch(task: BatchTask, work: CityBucket, stack: CityStack) -> dict[str, Any]:
    """A Distributed Map over the manifest's JSON list. What a task answers is dropped: its marker says it all."""
    nothing = {"done": True}
    return {
        "Type": "Map",
        "Label": LABEL,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": work.name, "Key.$": "$.manifest"},
        },
        "ItemSelector": {"run.$": "$.run", "attempt.$": "$.attempt", "batch.$": "$$.Map.Item.Value"},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "ReplayBatch",
            "States": {"ReplayBatch": _replay_batch(task) | {"ResultSelector": nothing}},
        },
        "MaxConcurrency": stack.settings.batches_at_once,
        "ToleratedFailurePercentage": TOLERATED_PERCENT,
        "ResultSelector": nothing,
        "End": True,
    }


def _replay_batch(task: BatchTask) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::ecs:runTask.sync",
        "Parameters": task.run({"BATCH.$": "States.JsonToString($)"}),
        "TimeoutSeconds": BATCH_HOURS * 3600,
        "Retry": [
            {
                "ErrorEquals": ["States.TaskFailed", "ECS.AmazonECSException", "ECS.ServerException"],
                "IntervalSeconds": 10,
                "BackoffRate": 2,
                "MaxAttempts": 3,
                "JitterStrategy": "FULL",
            }
        ],
        "End": True,
    }
