"""The table `clip_facts`: an item a clip and run, which is claim, effect and outbox at once."""

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.base import now
from civicam.contracts.catalogue import read_any
from civicam.contracts.errors import Unavailable
from civicam.contracts.facts import read_fact
from civicam.contracts.vision import ClipDetected
from civicam.vision.judging import State
from civicam.vision.succession import Judgement, moment

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
        answer = clients.dynamodb().get_item(
            TableName=self._table,
            Key={"camera_run": {"S": _line(clip)}, "moment": {"S": moment(clip)}},
            ConsistentRead=True,
        )
        return _judgement(answer["Item"]) if "Item" in answer else None

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

    def by_clip(self, clip_id: str) -> tuple[Judgement, ...]:
        """A clip's judgements, one a run, as an index knows them that is a moment behind."""
        answer = clients.dynamodb().query(
            TableName=self._table,
            IndexName="by_clip",
            KeyConditionExpression="clip_id = :clip",
            ExpressionAttributeValues={":clip": {"S": clip_id}},
        )
        return tuple(map(_judgement, answer["Items"]))

    def _put(self, judgement: Judgement, condition: str, **values: Any) -> bool:
        try:
            clients.dynamodb().put_item(
                TableName=self._table, Item=_item(judgement, now() + KEPT), ConditionExpression=condition, **values
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _beside(self, clip: ClipDetected, where: str, *, forward: bool, page: int) -> Iterator[Judgement]:
        """Neighbours on one side, the nearest first, up to one past its time: its boxes may be gone already."""
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                KeyConditionExpression=f"camera_run = :line AND {where}",
                ExpressionAttributeValues={":line": {"S": _line(clip)}, ":moment": {"S": moment(clip)}},
                ScanIndexForward=forward,
                ConsistentRead=True,
                PaginationConfig={"PageSize": page},
            )
        )
        items = (item for answer in pages for item in answer["Items"])
        yield from map(_judgement, takewhile(lambda item: int(item["expires_at"]["N"]) > now().timestamp(), items))


def _line(clip: ClipDetected) -> str:
    return f"{clip.camera_id}#{clip.run}"


def _item(judgement: Judgement, expires_at: datetime) -> "dict[str, AttributeValueTypeDef]":
    clip = judgement.clip
    state = gzip.compress(judgement.after.model_dump_json().encode(), mtime=0)
    return {
        "camera_run": {"S": _line(clip)},
        "moment": {"S": judgement.moment},
        "clip_id": {"S": clip.footage.clip_id},
        "run": {"S": clip.run},
        "revision": {"N": str(judgement.revision)},
        "facts": {"L": [{"S": event.model_dump_json()} for event in judgement.facts]},
        "detected": {"S": judgement.detected.model_dump_json()},
        "state_before_digest": {"S": judgement.before},
        "state_after": {"B": state},
        "state_after_digest": {"S": judgement.after.digest},
        "expires_at": {"N": str(int(expires_at.timestamp()))},
    }


def _judgement(item: "Item") -> Judgement:
    return Judgement(
        detected=read_fact(item["detected"]["S"], ClipDetected),
        facts=tuple(read_any(json.loads(fact["S"])) for fact in item["facts"]["L"]),
        before=item["state_before_digest"]["S"],
        after=State.model_validate_json(gzip.decompress(item["state_after"]["B"])),
        revision=int(item["revision"]["N"]),
    )
