"""The facts of the last 30 days as a reader sees them: by camera, newest first, each at its highest revision."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.packed_facts import unpack
from civicam.aws.pages import Page, checked
from civicam.contracts.base import utc_text
from civicam.contracts.catalogue import read_any
from civicam.contracts.errors import Rejected
from civicam.contracts.facts import ClipFact, CloudEvent
from civicam.contracts.ids import LIVE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

ITEMS_PER_QUERY = 50
_BEFORE_ALL, _AFTER_ALL = "0", "9"


@dataclass(frozen=True)
class Asked:
    """Whose facts are wanted: of one camera, of one type or all, captured from `start` on and before `end`."""

    camera_id: str
    fact_type: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class _Placed:
    moment: str
    """The clip's key in the table."""
    number: int
    """Which of the clip's facts this is, from 0."""
    event: CloudEvent[ClipFact]


class RecentFacts:
    """Reads `clip_facts`, which `judge_clip` alone writes: an item a clip, so revisions never stand side by side."""

    def __init__(self, table: str) -> None:
        self._table = table

    @classmethod
    def from_env(cls) -> Self:
        """The facts of FACTS_TABLE."""
        return cls(setting("FACTS_TABLE"))

    def by_camera(
        self, asked: Asked, *, cursor: Mapping[str, str] | None = None, limit: int = 50
    ) -> Page[CloudEvent[ClipFact]]:
        """A page of live facts, newest first; raises Rejected for another list's cursor."""
        start = checked(cursor, "moment", "number")
        if start and not start["number"].isdecimal():
            raise Rejected("malformed_cursor", "the paging token is not one of this list's: start again without it")
        latest = start["moment"] if start else _latest(asked.end)
        found = list(islice(self._placed(asked, latest, int(start["number"]) if start else -1), limit + 1))
        last = found[limit - 1] if len(found) > limit else None
        following = {"moment": last.moment, "number": str(last.number)} if last else None
        return Page(tuple(placed.event for placed in found[:limit]), following)

    def _placed(self, asked: Asked, latest: str, given: int) -> Iterator[_Placed]:
        """Facts from the clip `latest` backwards, without those of that clip that were `given` already."""
        for item in self._items(asked, latest):
            moment = item["moment"]["S"]
            for number, document in enumerate(unpack(item)):
                if moment == latest and number <= given:
                    continue
                if asked.fact_type in (None, document["type"]):
                    yield _Placed(moment, number, read_any(document))

    def _items(self, asked: Asked, latest: str) -> "Iterator[dict[str, AttributeValueTypeDef]]":
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "camera_run = :camera_run AND moment BETWEEN :earliest AND :latest",
            "ExpressionAttributeValues": {
                ":camera_run": {"S": f"{asked.camera_id}#{LIVE}"},
                ":earliest": {"S": utc_text(asked.start) if asked.start else _BEFORE_ALL},
                ":latest": {"S": latest},
            },
            "ProjectionExpression": "moment, facts",
            "ScanIndexForward": False,
            "PaginationConfig": {"PageSize": ITEMS_PER_QUERY},
        }
        for page in clients.dynamodb().get_paginator("query").paginate(**query):
            yield from page["Items"]


def _latest(end: datetime | None) -> str:
    """The last key before `end`: a clip's key is its capture start and more, so the bare time sorts below it."""
    return utc_text(end) if end else _AFTER_ALL
