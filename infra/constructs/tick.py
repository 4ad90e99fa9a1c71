"""A schedule that calls a function; a call that fails to the last try lies in the function's dead letters."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets

from infra.constructs.city_function import CityFunction


class Tick(scheduler.Schedule):
    """At these minutes of every hour (`*`: at each). A tick that came too late is worth one retry, not a day of it."""

    def __init__(self, function: CityFunction, *, minute: str) -> None:
        role = iam.Role(
            function,
            "TickRole",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
        )
        super().__init__(
            function.stack,
            f"{function.node.id}Tick",
            description=f"{function.path} at minute {minute} of every hour",
            schedule=scheduler.ScheduleExpression.cron(minute=minute),
            target=targets.LambdaInvoke(
                function.function,
                role=role,
                dead_letter_queue=function.dead_letters.queue,
                retry_attempts=1,
                max_event_age=Duration.minutes(5),
            ),
        )
        function.accept_versions(role)
        function.end_in_dead_letters()
