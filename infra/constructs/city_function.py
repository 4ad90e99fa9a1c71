"""The house Lambda function: its own role, logs that end, tracing, bounded concurrency, an alarm on its errors."""

from dataclasses import dataclass
from functools import cached_property

from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from constructs import Construct

from infra.constructs.city_code import function_code
from infra.constructs.city_stack import FIVE_MINUTES, CityStack, camel, resource_of
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.worker import accept


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much a function may use: `at_once` is its reserved concurrency."""

    at_once: int
    seconds: int = 30
    memory_mb: int = 256
    disk_mb: int = 512


class CityFunction(Construct):
    """functions/<word>/<verb_noun>/ as a function named after it, with no more rights than it is granted."""

    def __init__(self, stack: CityStack, path: str, *, bounds: Bounds, layer: str | None = None) -> None:
        self.path, self.name = path, path.rpartition("/")[2]
        super().__init__(stack, camel(self.name))
        self.stack, self.bounds, self.layers = stack, bounds, ["common", *([layer] if layer else [])]
        tracing = stack.settings.tracing
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group = stack.log_group(self, f"/aws/lambda/{stack.called(self.name)}")
        log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=stack.called(self.name),
            runtime=lambda_.Runtime(f"python{stack.settings.python}", lambda_.RuntimeFamily.PYTHON),
            architecture=lambda_.Architecture.X86_64,
            code=function_code(path),
            handler=f"functions.{path.replace('/', '.')}.handler.handler",
            layers=[version for name in self.layers for version in stack.layer(name)],
            role=self.role,
            timeout=Duration.seconds(bounds.seconds),
            memory_size=bounds.memory_mb,
            ephemeral_storage_size=Size.mebibytes(bounds.disk_mb),
            reserved_concurrent_executions=bounds.at_once,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,  # its start, end and report are metrics too
            tracing=lambda_.Tracing.ACTIVE if tracing else lambda_.Tracing.DISABLED,
            environment=_powertools(self.name, tracing),
        )
        stack.wake_up(self, self.function.metric_errors(period=FIVE_MINUTES, statistic="Sum"), when=f"{path} fails")
        self._explain()

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """Where events end that came without a queue and failed to the last try."""
        return DeadLetters(self.stack, self.name)

    def end_in_dead_letters(self) -> None:
        """For a function that is called without waiting for its answer: what failed thrice is kept, not dropped."""
        self.function.configure_async_invoke(
            on_failure=destinations.SqsDestination(self.dead_letters.queue),
            max_event_age=Duration.hours(1),
            retry_attempts=2,
        )

    def tell(self, variable: str, value: str) -> None:
        """Set an environment variable."""
        self.function.add_environment(variable, value)

    def accept_versions(self, role: iam.IRole) -> None:
        """CDK lets whoever invokes a function invoke its versions too: acknowledged for this role."""
        accept(
            role, f"AwsSolutions-IAM5[Resource::<{self._logical_id}.Arn>:*]", "versions of the function: it has none"
        )

    @property
    def _logical_id(self) -> str:
        resource = resource_of(self.function, lambda_.CfnFunction)
        return str(self.stack.resolve(resource.logical_id))

    def _explain(self) -> None:
        if self.stack.settings.tracing:
            accept(
                self.role,
                "AwsSolutions-IAM5[Resource::*]",
                "X-Ray (and ListStreams, for who reads a table's changes) know no resources",
            )
        accept(
            self.function,
            "AwsSolutions-L1",
            "one Python for all functions and layers, chosen in docs/decisions/0006",
        )


def _powertools(name: str, tracing: bool) -> dict[str, str]:
    return {
        "POWERTOOLS_SERVICE_NAME": name,
        "POWERTOOLS_METRICS_NAMESPACE": "civicam",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_TRACE_DISABLED": "false" if tracing else "true",
    }
