"""A DynamoDB table on demand, restorable to any second of the last weeks; and the function that its stream feeds."""

from collections.abc import Mapping
from typing import Literal

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from infra.constructs.city_function import CityFunction
from infra.constructs.city_stack import CityStack, camel
from infra.constructs.worker import Worker, allow

Operation = Literal["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem"]
Key = tuple[str] | tuple[str, str]


class CityTable(Construct):
    """The table <name>: FACTS_TABLE in the environment of who may touch it, FactsTable among the outputs."""

    def __init__(
        self,
        stack: CityStack,
        name: str,
        *,
        key: Key,
        indexes: Mapping[str, Key] | None = None,
        outbox: bool = False,
    ) -> None:
        super().__init__(stack, f"{camel(name)}Table")
        self.variable = f"{name.upper()}_TABLE"
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=_text(key[0]),
            sort_key=_sort(key),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=stack.settings.protect,
            removal_policy=stack.removal_policy,
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES if outbox else None,
            time_to_live_attribute="expires_at",
        )
        for index, index_key in (indexes or {}).items():
            self.table.add_global_secondary_index(
                index_name=index, partition_key=_text(index_key[0]), sort_key=_sort(index_key)
            )
        stack.publish(self.variable, self.table.table_name)

    def grant(self, worker: Worker, *operations: Operation, index: str | None = None) -> None:
        """Exactly these operations on the table, or on one of its indexes; and tell it the name."""
        resource = f"{self.table.table_arn}/index/{index}" if index else self.table.table_arn
        allow(worker, [f"dynamodb:{operation}" for operation in operations], resource)
        self.name_to(worker)

    def name_to(self, worker: Worker) -> None:
        """Tell it the name alone."""
        worker.tell(self.variable, self.table.table_name)

    def feed(self, function: CityFunction, *events: Literal["INSERT", "MODIFY", "REMOVE"], batch: int = 10) -> None:
        """Let the function read such changes from the table's stream, in order; poison ends in its dead letters."""
        function.function.add_event_source(
            sources.DynamoEventSource(
                self.table,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=batch,
                bisect_batch_on_error=True,
                report_batch_item_failures=True,
                retry_attempts=10,
                max_record_age=Duration.hours(12),
                on_failure=sources.SqsDlq(function.dead_letters.queue),
                filters=[lambda_.FilterCriteria.filter({"eventName": lambda_.FilterRule.or_(*events)})],
            )
        )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _sort(key: Key) -> dynamodb.Attribute | None:
    return _text(key[1]) if len(key) == 2 else None
