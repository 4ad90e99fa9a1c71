"""Alerts in DynamoDB: the claim, the record and (through the table's stream) the outbox in one item."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from heapq import merge
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Self

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.pages import Page, checked
from civicam.contracts.base import utc_text
from civicam.contracts.errors import Conflict, NotFound
from civicam.contracts.watch import Alert, AlertState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


RESTORED = "restored"


class Alerts:
    """The city's alerts, newest first."""

    def __init__(self, table: str) -> None:
        self._table = table

    @classmethod
    def from_env(cls) -> Self:
        """The alerts of ALERTS_TABLE."""
        return cls(setting("ALERTS_TABLE"))

    def raise_once(self, alert: Alert) -> bool:
        """Store the alert unless it stands already; True where this call raised it."""
        return self._put_unless_there(_item(alert))

    def restore(self, alert: Alert) -> bool:
        """Put back an alert that the table lost, unless it stands: nobody is told of it a second time."""
        return self._put_unless_there(_item(alert) | {RESTORED: {"BOOL": True}})

    def get(self, alert_id: str) -> Alert:
        """The alert as it stands now; raises NotFound."""
        answer = clients.dynamodb().get_item(
            TableName=self._table, Key={"alert_id": {"S": alert_id}}, ConsistentRead=True
        )
        if "Item" not in answer:
            raise NotFound(f"there is no alert {alert_id}")
        return _alert(answer["Item"])

    def by_units(
        self,
        unit_ids: Iterable[str],
        owner_ids: Iterable[str] = (),
        *,
        state: AlertState | None = None,
        cursor: Mapping[str, str] | None = None,
        limit: int = 50,
    ) -> Page[Alert]:
        """Alerts of these units and of these owners' cameras in one list, newest first, each once.

        Raises Rejected for another list's cursor.
        """
        start = checked(cursor, "raised_at")
        before = start["raised_at"] if start else None
        wanted = [("unit", one) for one in sorted(set(unit_ids))] + [("owner", one) for one in sorted(set(owner_ids))]
        streams = [self._of(kind, one, state, before, limit + 1) for kind, one in wanted]
        once = (next(same) for _, same in groupby(merge(*streams, key=place, reverse=True), key=place))
        found = tuple(islice(once, limit + 1))
        return Page(found[:limit], {"raised_at": place(found[limit - 1])} if len(found) > limit else None)

    def acknowledge(self, alert_id: str, *, by: str, note: str | None, at: datetime) -> Alert:
        """Take a new alert, once; the same person again gets what stands. Raises NotFound, Conflict."""
        alert = self.get(alert_id)
        taken = alert.model_copy(
            update={"state": AlertState.ACKNOWLEDGED, "acknowledged_by": by, "acknowledged_at": at, "note": note}
        )
        try:
            clients.dynamodb().put_item(
                TableName=self._table,
                Item=_item(taken),
                ConditionExpression="#state = :new",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":new": {"S": AlertState.NEW}},
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException as error:
            standing = self.get(alert_id)
            if standing.acknowledged_by == by:
                return standing
            raise Conflict(f"alert {alert_id} was already acknowledged by somebody else") from error
        return taken

    def _put_unless_there(self, item: "dict[str, AttributeValueTypeDef]") -> bool:
        try:
            clients.dynamodb().put_item(
                TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(alert_id)"
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _of(self, kind: str, name: str, state: AlertState | None, before: str | None, limit: int) -> Iterator[Alert]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": f"by_{kind}",
            "KeyConditionExpression": f"{kind}_id = :name",
            "ExpressionAttributeValues": {":name": {"S": name}},
            "ScanIndexForward": False,
            "PaginationConfig": {"PageSize": limit},
        }
        if before is not None:
            query["KeyConditionExpression"] += " AND raised_at < :before"
            query["ExpressionAttributeValues"][":before"] = {"S": before}
        if state is not None:
            query["FilterExpression"] = "#state = :state"
            query["ExpressionAttributeNames"] = {"#state": "state"}
            query["ExpressionAttributeValues"][":state"] = {"S": state}
        for page in clients.dynamodb().get_paginator("query").paginate(**query):
            yield from map(_alert, page["Items"])


def place(alert: Alert) -> str:
    """Where an alert stands among all others: by time, and never two on one place (the table's `raised_at`)."""
    return f"{utc_text(alert.raised_at)}#{alert.alert_id[:16]}"


def read_change(record: DynamoDBRecord) -> tuple[Alert | None, Alert | None]:
    """The alert before and after a change, from a record of the table's stream; None where it did not stand.

    One that was restored stood before, too.
    """
    change = record.dynamodb
    before, after = (change.old_image, change.new_image) if change else (None, None)
    if not before and after and after.get(RESTORED):
        before = after
    return _of_image(before), _of_image(after)


def _of_image(image: Mapping[str, Any] | None) -> Alert | None:
    return Alert.model_validate_json(image["document"]) if image else None


def _alert(item: "dict[str, AttributeValueTypeDef]") -> Alert:
    return Alert.model_validate_json(item["document"]["S"])


def _item(alert: Alert) -> "dict[str, AttributeValueTypeDef]":
    item: dict[str, AttributeValueTypeDef] = {
        "alert_id": {"S": alert.alert_id},
        "unit_id": {"S": alert.unit_id},
        "camera_id": {"S": alert.camera_id},
        "raised_at": {"S": place(alert)},
        "state": {"S": alert.state},
        "document": {"S": alert.model_dump_json()},
    }
    return item | {"owner_id": {"S": alert.owner_id}} if alert.owner_id else item
