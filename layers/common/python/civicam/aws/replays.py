"""The table of replays: an item for each with where it stands, and one for each of its batches that is done."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.base import now
from civicam.contracts.errors import Conflict, NotFound
from civicam.contracts.replay import BatchDone, BatchOrder, Replay

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

ALL = "replays"
"""The partition of the replays themselves; their batches lie in one that is called by the run."""
KEPT = timedelta(days=30)
"""As long as the facts of a run stay comparable (`clip_facts`)."""


class Replays:
    """What is known of replays. Every change is one conditional write."""

    def __init__(self, table: str) -> None:
        self._table = table

    @classmethod
    def from_env(cls) -> Self:
        """The table of REPLAYS_TABLE."""
        return cls(setting("REPLAYS_TABLE"))

    def plan(self, replay: Replay) -> None:
        """Note a replay that was planned; planned again it stays as it is."""
        self._put(ALL, replay.run, replay.model_dump_json())

    def get(self, run: str) -> Replay:
        """The replay as it stands; raises NotFound."""
        answer = clients.dynamodb().get_item(TableName=self._table, Key=_key(ALL, run), ConsistentRead=True)
        if "Item" not in answer:
            raise NotFound(f"there is no replay {run!r}: `civicam replay list` names those of the last 30 days")
        return _replay(answer["Item"])

    def all(self) -> Iterator[Replay]:
        """Every replay, the newest first."""
        return map(_replay, self._items(ALL, newest_first=True))

    def start(self, replay: Replay) -> Replay:
        """The replay with its next attempt; raises Conflict where somebody else started it meanwhile."""
        return self._change(replay, replay.model_copy(update={"attempt": replay.attempt + 1, "stopped": False}))

    def stop(self, replay: Replay) -> Replay:
        """The replay stopped: its tasks end before their next clip. Raises Conflict as `start` does."""
        return self._change(replay, replay.model_copy(update={"stopped": True}))

    def goes_on(self, order: BatchOrder) -> bool:
        """Whether a task shall work: its replay is not stopped, and was not started again since."""
        replay = self.get(order.run)
        return not replay.stopped and replay.attempt == order.attempt

    def is_done(self, order: BatchOrder) -> bool:
        """Whether the batch came to its end before."""
        key = _key(order.run, _part(order.batch.batch))
        return "Item" in clients.dynamodb().get_item(TableName=self._table, Key=key, ConsistentRead=True)

    def finish(self, run: str, done: BatchDone) -> bool:
        """Mark a batch as done, once: False where it was."""
        return self._put(run, _part(done.batch), done.model_dump_json())

    def done(self, run: str) -> Iterator[BatchDone]:
        """The batches that are done, in their order."""
        return (BatchDone.model_validate_json(item["document"]["S"]) for item in self._items(run))

    def _put(self, partition: str, part: str, document: str) -> bool:
        item: dict[str, AttributeValueTypeDef] = _key(partition, part) | {
            "document": {"S": document},
            "attempt": {"N": "0"},
            "stopped": {"BOOL": False},
            "expires_at": {"N": str(int((now() + KEPT).timestamp()))},
        }
        try:
            clients.dynamodb().put_item(
                TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(part)"
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _change(self, before: Replay, after: Replay) -> Replay:
        try:
            clients.dynamodb().update_item(
                TableName=self._table,
                Key=_key(ALL, before.run),
                UpdateExpression="SET attempt = :attempt, stopped = :stopped",
                ConditionExpression="attempt = :before",
                ExpressionAttributeValues={
                    ":attempt": {"N": str(after.attempt)},
                    ":stopped": {"BOOL": after.stopped},
                    ":before": {"N": str(before.attempt)},
                },
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException as error:
            raise Conflict(f"replay {before.run} was started by somebody else just now: look again") from error
        return after

    def _items(self, partition: str, *, newest_first: bool = False) -> "Iterator[dict[str, AttributeValueTypeDef]]":
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                KeyConditionExpression="#run = :run",
                ExpressionAttributeNames={"#run": "run"},
                ExpressionAttributeValues={":run": {"S": partition}},
                ScanIndexForward=not newest_first,
                ConsistentRead=True,
            )
        )
        return (item for page in pages for item in page["Items"])


def _key(partition: str, part: str) -> "dict[str, AttributeValueTypeDef]":
    return {"run": {"S": partition}, "part": {"S": part}}


def _part(batch: int) -> str:
    return f"{batch:06d}"


def _replay(item: "dict[str, AttributeValueTypeDef]") -> Replay:
    replay = Replay.model_validate_json(item["document"]["S"])
    return replay.model_copy(update={"attempt": int(item["attempt"]["N"]), "stopped": item["stopped"]["BOOL"]})
