"""A word's stack: named, tagged and alarmed like the others, with its outputs under the names that functions read."""

from typing import TypeVar

from aws_cdk import CfnOutput, CfnResource, Duration, Environment, RemovalPolicy, Stack, Tags
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.layers import Layer
from infra.settings import Settings

R = TypeVar("R", bound=CfnResource)
FIVE_MINUTES = Duration.minutes(5)


class CityStack(Stack):
    """One word of the city in one environment; its id is the class's name, such as `Vision`."""

    def __init__(self, scope: Construct, *, settings: Settings, alarms: sns.ITopic | None = None) -> None:
        self.word = type(self).__name__
        super().__init__(
            scope,
            self.word,
            stack_name=f"civicam-{settings.environment}-{self.word.lower()}",
            description=(type(self).__doc__ or "").partition("\n")[0],
            env=Environment(region=settings.region),
            suppress_template_indentation=True,
        )
        self.settings = settings
        self.removal_policy = RemovalPolicy.RETAIN if settings.protect else RemovalPolicy.DESTROY
        self._alarms = alarms
        self._outputs = Construct(self, "Outputs")
        self._layers: dict[str, lambda_.ILayerVersion] = {}
        Tags.of(self).add("word", self.word.lower())

    def called(self, name: str) -> str:
        """A physical name that two environments in one account can both have."""
        return f"civicam-{self.settings.environment}-{name}"

    def publish(self, variable: str, value: str) -> None:
        """An output named as the environment variable that functions read it by: CLIP_QUEUE_URL -> ClipQueueUrl."""
        CfnOutput(self._outputs, variable, value=value).override_logical_id(camel(variable))

    def wake_up(self, scope: Construct, metric: cloudwatch.IMetric, *, when: str, at_least: float = 1) -> None:
        """Somebody is told when the metric reaches `at_least` within five minutes."""
        alarm = cloudwatch.Alarm(
            scope,
            "Alarm",
            metric=metric,
            threshold=at_least,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=when,
        )
        if self._alarms:
            alarm.add_alarm_action(actions.SnsAction(self._alarms))

    def log_group(self, scope: Construct, name: str) -> logs.LogGroup:
        """Logs that end after the environment's retention, and go with their stack."""
        return logs.LogGroup(
            scope,
            "Logs",
            log_group_name=name,
            retention=logs.RetentionDays[self.settings.log_retention],
            removal_policy=RemovalPolicy.DESTROY,
        )

    def layer(self, name: str) -> list[lambda_.ILayerVersion]:
        """This stack's own version of a layer; none where the interpreter has the packages itself."""
        if self.settings.layers_from == "interpreter":
            return []
        if name not in self._layers:
            layer = Layer(name, self.settings.python)
            if not layer.is_fresh():
                raise LookupError(f"layer {name} is missing or older than its sources: run `make layers` first")
            self._layers[name] = lambda_.LayerVersion(
                self,
                f"Layer{name.capitalize()}",
                code=lambda_.Code.from_asset(str(layer.folder)),
                compatible_architectures=[lambda_.Architecture.X86_64],
                description=f"civicam {name} for Python {self.settings.python}",
            )
        return [self._layers[name]]


def resource_of(construct: Construct, kind: type[R]) -> R:
    """The CloudFormation resource behind a construct of CDK's, for what only that can say."""
    resource = construct.node.default_child
    if not isinstance(resource, kind):
        raise TypeError(f"{construct.node.path} is not made of one {kind.__name__}")
    return resource


def camel(name: str) -> str:
    """CLIP_QUEUE_URL or judge_clip -> ClipQueueUrl, JudgeClip."""
    return "".join(part.capitalize() for part in name.lower().split("_"))
