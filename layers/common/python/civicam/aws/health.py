"""The health of every camera in HEALTH_TABLE: what it is now, and each change for ever.

A change is two items in one transaction: `now`, which the watch reads, and the change under its moment, from which
uptime is counted. What the bus has not been told yet stands in `now` as `untold`, so that it is told again.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.cameras.health import Health
from civicam.contracts.base import utc_text
from civicam.contracts.facts import CloudEvent, read_fact
from civicam.contracts.health import CameraHealthChanged

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, AttributeValueTypeDef]

NOW = "now"
"""The sort key of what holds: it sorts behind every moment."""
KEYS_PER_CALL = 100
"""BatchGetItem takes a hundred keys (DynamoDB quota)."""
AT_ONCE = 8
"""Queries beside each other: a connection each."""


@dataclass(frozen=True)
class Known:
    """What stands of one camera."""

    camera_id: str
    health: Health
    untold: CloudEvent[CameraHealthChanged] | None = None


@dataclass(frozen=True)
class HealthTable:
    """The table by its name."""

    table: str

    @classmethod
    def from_env(cls) -> Self:
        """The table of HEALTH_TABLE."""
        return cls(setting("HEALTH_TABLE"))

    def current(self) -> dict[str, Known]:
        """What stands of every camera that was ever looked at, by camera."""
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self.table,
                IndexName="current",
                KeyConditionExpression="standing = :yes",
                ExpressionAttributeValues={":yes": {"S": "1"}},
            )
        )
        return {item["camera_id"]["S"]: _known(item) for page in pages for item in page["Items"]}

    def of(self, camera_ids: Iterable[str]) -> dict[str, Known]:
        """What stands of these cameras, at most a hundred; one that was never looked at is left out."""
        wanted = sorted(set(camera_ids))[:KEYS_PER_CALL]
        if not wanted:
            return {}
        keys = [{"camera_id": {"S": camera_id}, "moment": {"S": NOW}} for camera_id in wanted]
        answer = clients.dynamodb().batch_get_item(RequestItems={self.table: {"Keys": keys}})
        return {item["camera_id"]["S"]: _known(item) for item in answer["Responses"].get(self.table, [])}

    def put(self, wanted: Known, over: Health | None) -> bool:
        """Make it hold, with the change that is to be told, unless somebody else set something meanwhile: then False.

        `over`: what stood before, None where the camera was never looked at.
        """
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(camera_id)"}
        if over is not None:
            condition = {
                "ConditionExpression": "#number = :over",
                "ExpressionAttributeNames": {"#number": "number"},
                "ExpressionAttributeValues": {":over": {"N": str(over.number)}},
            }
        puts: list[Any] = [{"Put": {"TableName": self.table, "Item": _standing(wanted), **condition}}]
        if wanted.untold:
            puts.append({"Put": {"TableName": self.table, "Item": _change(wanted.untold.data)}})
        try:
            clients.dynamodb().transact_write_items(TransactItems=puts)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            return False
        return True

    def told(self, known: Known) -> None:
        """Note that the bus knows what stands; no effect where something else stands by now."""
        try:
            clients.dynamodb().put_item(
                TableName=self.table,
                Item=_standing(replace(known, untold=None)),
                ConditionExpression="#number = :this",
                ExpressionAttributeNames={"#number": "number"},
                ExpressionAttributeValues={":this": {"N": str(known.health.number)}},
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return

    def history(self, camera_id: str, start: datetime, end: datetime) -> tuple[tuple[CameraHealthChanged, ...], Health]:
        """The camera's changes from `start` on up to the first one after `end`, in order, and what holds now.

        A change says what was before it, so that these tell all of the stretch. A camera that was never looked at is
        unknown.
        """
        changes: list[CameraHealthChanged] = []
        for item in self._since(camera_id, start):
            if item["moment"]["S"] == NOW:
                return tuple(changes), _known(item).health
            changes.append(CameraHealthChanged.model_validate_json(item["document"]["S"]))
            if changes[-1].since >= end:
                break
        last = changes[-1] if changes else None
        if last is None:
            return (), Health(since=end)
        return tuple(changes), Health(state=last.state, reasons=last.reasons, since=last.since, number=last.number)

    def histories(
        self, camera_ids: Iterable[str], start: datetime, end: datetime
    ) -> dict[str, tuple[tuple[CameraHealthChanged, ...], Health]]:
        """The same of several cameras, by camera."""
        wanted = list(camera_ids)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(lambda camera_id: self.history(camera_id, start, end), wanted)
            return dict(zip(wanted, found, strict=True))

    def _since(self, camera_id: str, start: datetime) -> "Iterator[Item]":
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self.table,
                KeyConditionExpression="camera_id = :camera AND moment >= :start",
                ExpressionAttributeValues={":camera": {"S": camera_id}, ":start": {"S": utc_text(start)}},
            )
        )
        return (item for page in pages for item in page["Items"])


def _standing(known: Known) -> "Item":
    untold: Item = {"untold": {"S": known.untold.model_dump_json()}} if known.untold else {}
    health = known.health
    return {
        "camera_id": {"S": known.camera_id},
        "moment": {"S": NOW},
        "standing": {"S": "1"},
        "number": {"N": str(health.number)},
        "document": {"S": health.model_dump_json()},
        **untold,
    }


def _change(change: CameraHealthChanged) -> "Item":
    return {
        "camera_id": {"S": change.camera_id},
        "moment": {"S": utc_text(change.since)},
        "document": {"S": change.model_dump_json()},
    }


def _known(item: "Item") -> Known:
    untold = item.get("untold")
    return Known(
        camera_id=item["camera_id"]["S"],
        health=Health.model_validate_json(item["document"]["S"]),
        untold=read_fact(untold["S"], CameraHealthChanged) if untold else None,
    )
