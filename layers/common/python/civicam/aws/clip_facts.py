"""The table `clip_facts`: an item a clip and run, which is claim, effect and outbox at once."""

import gzip
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, Self

from civicam.aws import clients, packed_facts
from civicam.aws.environment import setting
from civicam.contracts.base import now, utc_text
from civicam.contracts.catalogue import read_any
from civicam.contracts.errors import Unavailable
from civicam.contracts.facts import read_fact
from civicam.contracts.footage import Footage
from civicam.contracts.vision import ClipDetected
from civicam.vision.judging import State
from civicam.vision.succession import Judgement, moment, place

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = Mapping[str, AttributeValueTypeDef]

KEPT = timedelta(days=30)
"""How long an item stays: as long as the boxes that it could be judged again from."""
PAGE = 4
"""Successors read at a time: mostly there is none, and the first one that is right ends the walk."""


class ClipFacts:
    """Judgements, in the line of their camera and run."""

    def __init__(self, table: str) -> None:
        self._table = table

    @classmethod
    def from_env(cls) -> Self:
        """The judgements of FACTS_TABLE."""
        return cls(setting("FACTS_TABLE"))

    def get(self, clip: ClipDetected) -> Judgement | None:
        """The clip's judgement, if it has one."""
        return self.of(clip.footage, clip.run)

    def of(self, footage: Footage, run: str) -> Judgement | None:
        """The judgement of this footage in that run, if it has one."""
        answer = clients.dynamodb().get_item(
            TableName=self._table,
            Key={"camera_run": {"S": _line(footage.camera_id, run)}, "moment": {"S": place(footage)}},
            ConsistentRead=True,
        )
        return _judgement(answer["Item"]) if "Item" in answer else None

    def standing(self, clip: ClipDetected) -> tuple[Judgement | None, Judgement | None]:
        """The clip's judgement, if it has one, and the one just before its place: by one look at the table."""
        nearest = list(islice(self._items(clip, "moment <= :moment", forward=False, page=2), 2))
        own = nearest.pop(0) if nearest and nearest[0]["moment"]["S"] == moment(clip) else None
        return _judgement(own) if own else None, next(map(_judgement, _kept(nearest)), None)

    def predecessor(self, clip: ClipDetected) -> Judgement | None:
        """The judgement just before the clip's place."""
        return next(self._beside(clip, "moment < :moment", forward=False, page=1), None)

    def successors(self, clip: ClipDetected) -> Iterator[Judgement]:
        """The judgements after the clip's place, in their order; read as they are asked for."""
        return self._beside(clip, "moment > :moment", forward=True, page=PAGE)

    def put_once(self, judgement: Judgement) -> bool:
        """Write a clip's first judgement, unless it has one: then False, and no effect."""
        return self._put(judgement, "attribute_not_exists(camera_run)")

    def put_revision(self, judgement: Judgement) -> None:
        """Replace the judgement of one revision less; raises Unavailable where somebody else did so first."""
        before = {":before": {"N": str(judgement.revision - 1)}}
        if not self._put(judgement, "revision = :before", ExpressionAttributeValues=before):
            raise Unavailable(f"clip {judgement.clip.footage.clip_id} was judged again by somebody else just now")

    def between(self, camera_id: str, run: str, start: datetime, end: datetime) -> Iterator[Judgement]:
        """A camera's judgements of a run whose footage starts at or after `start` and before `end`, in their order."""
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                KeyConditionExpression="camera_run = :line AND moment BETWEEN :start AND :end",
                ExpressionAttributeValues={
                    ":line": {"S": _line(camera_id, run)},
                    ":start": {"S": utc_text(start)},
                    ":end": {"S": utc_text(end)},
                },
                ConsistentRead=True,
            )
        )
        return (_judgement(item) for answer in pages for item in answer["Items"])

    def _put(self, judgement: Judgement, condition: str, **values: Any) -> bool:
        try:
            clients.dynamodb().put_item(
                TableName=self._table, Item=_item(judgement, now() + KEPT), ConditionExpression=condition, **values
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _beside(self, clip: ClipDetected, where: str, *, forward: bool, page: int) -> Iterator[Judgement]:
        """Neighbours on one side, the nearest first."""
        return map(_judgement, _kept(self._items(clip, where, forward=forward, page=page)))

    def _items(self, clip: ClipDetected, where: str, *, forward: bool, page: int) -> "Iterator[Item]":
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                KeyConditionExpression=f"camera_run = :line AND {where}",
                ExpressionAttributeValues={
                    ":line": {"S": _line(clip.camera_id, clip.run)},
                    ":moment": {"S": moment(clip)},
                },
                ScanIndexForward=forward,
                ConsistentRead=True,
                PaginationConfig={"PageSize": page},
            )
        )
        return (item for answer in pages for item in answer["Items"])


def _kept(items: "Iterable[Item]") -> "Iterator[Item]":
    """Those up to one past its time: its boxes may be gone already."""
    return takewhile(lambda item: int(item["expires_at"]["N"]) > now().timestamp(), items)


def _line(camera_id: str, run: str) -> str:
    return f"{camera_id}#{run}"


def _item(judgement: Judgement, expires_at: datetime) -> "dict[str, AttributeValueTypeDef]":
    clip = judgement.clip
    state = gzip.compress(judgement.after.model_dump_json().encode(), mtime=0)
    return {
        "camera_run": {"S": _line(clip.camera_id, clip.run)},
        "moment": {"S": judgement.moment},
        "clip_id": {"S": clip.footage.clip_id},
        "run": {"S": clip.run},
        "revision": {"N": str(judgement.revision)},
        packed_facts.NAME: packed_facts.pack(judgement.facts),
        "detected": {"S": judgement.detected.model_dump_json()},
        "state_before_digest": {"S": judgement.before},
        "state_after": {"B": state},
        "state_after_digest": {"S": judgement.after.digest},
        "expires_at": {"N": str(int(expires_at.timestamp()))},
    }


def _judgement(item: "Item") -> Judgement:
    return Judgement(
        detected=read_fact(item["detected"]["S"], ClipDetected),
        facts=tuple(map(read_any, packed_facts.unpack(item))),
        before=item["state_before_digest"]["S"],
        after=State.model_validate_json(gzip.decompress(item["state_after"]["B"])),
        revision=int(item["revision"]["N"]),
    )
