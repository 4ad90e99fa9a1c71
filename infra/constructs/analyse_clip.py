"""AnalyseClip: one clip through a look at it to the news of its boxes. Express, answered at once."""

from typing import TypeVar

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from infra.constructs.city_function import CityFunction
from infra.constructs.city_stack import FIVE_MINUTES, CityStack
from infra.constructs.fact_queue import FactQueue
from infra.constructs.worker import Worker, accept, allow

TRANSIENT_IN_LAMBDA = [
    "Lambda.TooManyRequestsException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.Unknown",  # a worker that died; and how the embedded AWS names throttling
]
SECONDS = 240
"""Express ends at five minutes; the queue behind it must learn before that."""


class AnalyseClip(Construct):
    """look_at_clip -> rejected | queued for a GPU | seen, and judge_clip told."""

    def __init__(self, stack: CityStack, *, look: CityFunction, judge: FactQueue, gpu: FactQueue) -> None:
        super().__init__(stack, "AnalyseClip")
        looked_at = self._call(look, "LookAtClip")
        outcome = sfn.Choice(self, "Outcome")
        outcome.when(sfn.Condition.string_equals("$.outcome", "rejected"), sfn.Succeed(self, "Quarantined"))
        outcome.when(
            sfn.Condition.string_equals("$.outcome", "sampled"),
            self._tell_gpu(gpu).next(sfn.Succeed(self, "Queued")),
        )
        outcome.otherwise(self._tell_judge(judge).next(sfn.Succeed(self, "Announced")))
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=stack.called("analyse-clip"),
            state_machine_type=sfn.StateMachineType.EXPRESS,
            definition_body=sfn.DefinitionBody.from_chainable(looked_at.next(outcome)),
            timeout=Duration.seconds(SECONDS),
            tracing_enabled=stack.settings.tracing,
            logs=sfn.LogOptions(
                destination=stack.log_group(self, f"/aws/vendedlogs/states/{stack.called('analyse-clip')}"),
                level=sfn.LogLevel.ERROR,
            ),
        )
        failed = self.machine.metric_failed(period=FIVE_MINUTES, statistic="Sum")
        stack.wake_up(self, failed, when="clips fail in AnalyseClip", at_least=5)
        stack.publish("ANALYSE_CLIP_ARN", self.machine.state_machine_arn)
        accept(
            self.machine,
            "AwsSolutions-SF1",
            "each step says itself what it did: of the machine's own lines only errors",
        )
        accept(self.machine.role, "AwsSolutions-IAM5[Resource::*]", "log delivery and X-Ray know no resources")
        look.accept_versions(self.machine.role)

    def grant_run(self, worker: Worker) -> None:
        """Let it run the machine and wait for the answer."""
        allow(worker, ["states:StartSyncExecution"], self.machine.state_machine_arn)
        worker.tell("ANALYSE_CLIP_ARN", self.machine.state_machine_arn)

    def _call(self, function: CityFunction, state: str) -> tasks.LambdaInvoke:
        """The function given the whole input, its answer instead of it."""
        call = tasks.LambdaInvoke(
            self,
            state,
            lambda_function=function.function,
            output_path="$.Payload",
            retry_on_service_exceptions=False,
        )
        call.add_retry(
            errors=TRANSIENT_IN_LAMBDA,
            interval=Duration.seconds(1),
            backoff_rate=2,
            max_attempts=4,
            max_delay=Duration.seconds(8),
            jitter_strategy=sfn.JitterType.FULL,
        )
        return call

    def _tell_judge(self, queue: FactQueue) -> tasks.SqsSendMessage:
        send = tasks.SqsSendMessage(
            self,
            "SendToJudge",
            queue=queue.queue,
            message_body=sfn.TaskInput.from_text(sfn.JsonPath.json_to_string(sfn.JsonPath.object_at("$.detected"))),
            message_group_id=sfn.JsonPath.string_at("$.camera_id"),
            message_deduplication_id=sfn.JsonPath.string_at("$.detected.id"),
            result_path=sfn.JsonPath.DISCARD,
        )
        return _tried_again(send)

    def _tell_gpu(self, queue: FactQueue) -> tasks.SqsSendMessage:
        send = tasks.SqsSendMessage(
            self,
            "SendToGpu",
            queue=queue.queue,
            message_body=sfn.TaskInput.from_text(sfn.JsonPath.json_to_string(sfn.JsonPath.entire_payload)),
            result_path=sfn.JsonPath.DISCARD,
        )
        return _tried_again(send)


T = TypeVar("T", bound=sfn.TaskStateBase)


def _tried_again(task: T) -> T:
    task.add_retry(interval=Duration.seconds(1), max_attempts=3, jitter_strategy=sfn.JitterType.FULL)
    return task
