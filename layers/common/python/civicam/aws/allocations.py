"""Which cameras are analysed, in ALLOCATION_TABLE: what holds, each change, and what it is chosen by.

What holds is one item, so that one conditional write changes it for all cameras; each change stands in the same
transaction under its moment. A camera that is passed over has an item of its own, so that a clip asks with half a read
unit. What these items and the bus do not say yet is said by the next round.
"""

import gzip
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from botocore.exceptions import ClientError
from pydantic import TypeAdapter

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.health import AT_ONCE
from civicam.cameras.allocation import Allocation, changes
from civicam.cameras.calendar import Occasion
from civicam.contracts.allocation import Budget, Request, Verdict
from civicam.contracts.base import Body, utc_text
from civicam.contracts.errors import Conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, AttributeValueTypeDef]

CHOICE, WISHES, REQUESTS, PASSED_OVER = "choice", "wishes", "requests", "passed_over"
NOW = "now"
"""The sort key of what holds: it sorts behind every moment."""
KEPT = timedelta(days=400)
"""How long changes are kept: coverage of any month of the last year can be told."""
VERDICTS = TypeAdapter(dict[str, Verdict])


class Wishes(Body):
    """What the city chooses by, beside the cameras themselves. `budget`: None is the environment's own."""

    budget: Budget | None = None
    occasions: tuple[Occasion, ...] = ()


@dataclass(frozen=True)
class Standing:
    """What holds, and up to which version the bus knows."""

    allocation: Allocation
    told: int = 0


@dataclass(frozen=True)
class Allocations:
    """The table by its name."""

    table: str

    @classmethod
    def from_env(cls) -> Self:
        """The table of ALLOCATION_TABLE."""
        return cls(setting("ALLOCATION_TABLE"))

    def standing(self) -> Standing:
        """What holds; where nobody ever chose, everything is analysed."""
        item = self._get(CHOICE, NOW)
        if item is None:
            return Standing(Allocation(since=datetime.min.replace(tzinfo=UTC)))
        allocation = Allocation.model_validate_json(gzip.decompress(item["document"]["B"]))
        return Standing(allocation, int(item["told"]["N"]))

    def put(self, wanted: Allocation, over: Standing) -> bool:
        """Make it hold, with its changes, unless somebody chose meanwhile: then False, and theirs holds."""
        news = changes(over.allocation, wanted)
        change: Item = {
            "part": _s(CHOICE),
            "moment": _s(f"{utc_text(wanted.since)}/{wanted.version:012d}"),
            "version": _n(wanted.version),
            "document": {"B": gzip.compress(VERDICTS.dump_json(news), mtime=0)},
            "expires_at": _n(int((wanted.since + KEPT).timestamp())),
        }
        item: Item = {
            "part": _s(CHOICE),
            "moment": _s(NOW),
            "version": _n(wanted.version),
            "told": _n(over.told),
            "document": {"B": gzip.compress(wanted.model_dump_json().encode(), mtime=0)},
        }
        try:
            clients.dynamodb().transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self.table,
                            "Item": item,
                            "ConditionExpression": "attribute_not_exists(part) OR version = :over",
                            "ExpressionAttributeValues": {":over": _n(over.allocation.version)},
                        }
                    },
                    {"Put": {"TableName": self.table, "Item": change}},
                ]
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            return False
        return True

    def passes_over(self, camera_id: str) -> bool:
        """Whether clips of the camera are not to be analysed, as far as was said a moment ago."""
        key = {"part": _s(PASSED_OVER), "moment": _s(camera_id)}
        return "Item" in clients.dynamodb().get_item(TableName=self.table, Key=key)

    def mark(self, allocation: Allocation) -> None:
        """Say of each camera that is passed over, and of no other, that it is."""
        items = self._all(PASSED_OVER)
        marked, wanted = {item["moment"]["S"] for item in items}, allocation.passed_over
        with ThreadPoolExecutor(AT_ONCE) as pool:
            [*pool.map(self._mark, sorted(wanted - marked)), *pool.map(self._unmark, sorted(marked - wanted))]

    def told(self, version: int) -> None:
        """Note that the bus knows everything up to this version."""
        try:
            clients.dynamodb().update_item(
                TableName=self.table,
                Key={"part": _s(CHOICE), "moment": _s(NOW)},
                UpdateExpression="SET told = :version",
                ConditionExpression="told < :version",
                ExpressionAttributeValues={":version": _n(version)},
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return

    def changed_since(self, start: datetime) -> Iterator[tuple[int, Mapping[str, Verdict]]]:
        """Every change from `start` on, in order: its version, and the verdicts that changed."""
        return self._changes(utc_text(start))

    def untold(self, told: int) -> Iterator[tuple[int, Mapping[str, Verdict]]]:
        """Every change after version `told`, the newest first."""
        for version, verdicts in self._changes("0", newest_first=True):
            if version <= told:
                return
            yield version, verdicts

    def _changes(self, start: str, *, newest_first: bool = False) -> Iterator[tuple[int, Mapping[str, Verdict]]]:
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self.table,
                KeyConditionExpression="part = :choice AND moment BETWEEN :start AND :end",
                ExpressionAttributeValues={":choice": _s(CHOICE), ":start": _s(start), ":end": _s("9")},
                ScanIndexForward=not newest_first,
            )
        )
        for page in pages:
            for item in page["Items"]:
                yield int(item["version"]["N"]), VERDICTS.validate_json(gzip.decompress(item["document"]["B"]))

    def wishes(self) -> tuple[Wishes, int]:
        """What the city chooses by, and the version to change it over."""
        item = self._get(WISHES, NOW)
        if item is None:
            return Wishes(), 0
        return Wishes.model_validate_json(item["document"]["S"]), int(item["version"]["N"])

    def wish(self, wishes: Wishes, over: int) -> None:
        """Choose by these from the next round on; raises Conflict where somebody else changed them meanwhile."""
        item: Item = {"part": _s(WISHES), "moment": _s(NOW), "version": _n(over + 1)}
        try:
            clients.dynamodb().put_item(
                TableName=self.table,
                Item=item | {"document": _s(wishes.model_dump_json())},
                ConditionExpression="attribute_not_exists(part) OR version = :over",
                ExpressionAttributeValues={":over": _n(over)},
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException as error:
            raise Conflict("somebody else changed what the city chooses by: look at it, and try again") from error

    def request(self, camera_id: str, request: Request) -> None:
        """Ask that a camera be analysed until then; a later request for it takes this one's place."""
        item: Item = {"part": _s(REQUESTS), "moment": _s(camera_id), "document": _s(request.model_dump_json())}
        ends: Item = {"expires_at": _n(int(request.until.timestamp()) + 86_400)}
        clients.dynamodb().put_item(TableName=self.table, Item=item | ends)

    def withdraw(self, camera_id: str) -> None:
        """Nobody asks for the camera any more; again is no effect."""
        clients.dynamodb().delete_item(TableName=self.table, Key={"part": _s(REQUESTS), "moment": _s(camera_id)})

    def requests(self, at: datetime) -> dict[str, Request]:
        """The requests that have not ended, by camera."""
        found = {
            item["moment"]["S"]: Request.model_validate_json(item["document"]["S"]) for item in self._all(REQUESTS)
        }
        return {camera_id: request for camera_id, request in found.items() if at < request.until}

    def _mark(self, camera_id: str) -> None:
        clients.dynamodb().put_item(TableName=self.table, Item={"part": _s(PASSED_OVER), "moment": _s(camera_id)})

    def _unmark(self, camera_id: str) -> None:
        clients.dynamodb().delete_item(TableName=self.table, Key={"part": _s(PASSED_OVER), "moment": _s(camera_id)})

    def _all(self, part: str) -> "Iterator[Mapping[str, AttributeValueTypeDef]]":
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self.table,
                KeyConditionExpression="part = :part",
                ExpressionAttributeValues={":part": _s(part)},
                ConsistentRead=True,
            )
        )
        return (item for page in pages for item in page["Items"])

    def _get(self, part: str, moment: str) -> "Mapping[str, AttributeValueTypeDef] | None":
        key = {"part": _s(part), "moment": _s(moment)}
        return clients.dynamodb().get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")


def _s(value: str) -> "AttributeValueTypeDef":
    return {"S": value}


def _n(value: int) -> "AttributeValueTypeDef":
    return {"N": str(value)}
