"""Claims on footage: an item per clip in DynamoDB, taken by one conditional write, with where the clip stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.pages import Page, checked
from civicam.contracts.base import now, utc_text
from civicam.contracts.errors import NotFound
from civicam.contracts.footage import Footage
from civicam.contracts.health import Looked

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = Mapping[str, AttributeValueTypeDef]


class ClipState(StrEnum):
    """Where a clip stands."""

    DECLARED = "declared"  # somebody may upload it; nothing is promised yet
    STORED = "stored"  # accepted: it lies in the store and waits to be judged
    JUDGED = "judged"
    PASSED_OVER = "passed_over"  # stored, not analysed: others' cameras went before its own when its turn came
    REJECTED = "rejected"  # in quarantine
    ABANDONED = "abandoned"  # in the dead letters until somebody redrives it


class ClaimOutcome(StrEnum):
    """What a claim met."""

    NEW = "new"
    SAME = "same"  # claimed before, exactly so
    OTHER = "other"  # the same bytes of the same camera stand under another capture time


@dataclass(frozen=True)
class Clip:
    """A clip's claim as it stands."""

    footage: Footage
    state: ClipState
    stored_at: datetime | None = None
    announced_at: datetime | None = None
    announcements: int = 0
    reason: str | None = None
    looked: Looked | None = None
    """How well it was looked at, where it was judged."""


class Claims:
    """The city's clips. A clip id is computed from camera and content, so the item's existence is the claim."""

    def __init__(self, table: str) -> None:
        self._table = table

    @classmethod
    def from_env(cls) -> Self:
        """The claims of CLIPS_TABLE."""
        return cls(setting("CLIPS_TABLE"))

    def declare(self, footage: Footage, until: datetime) -> ClaimOutcome:
        """Somebody may upload this footage until then; OTHER where its bytes stand under another capture time."""
        item = _identity(footage) | {"state": _s(ClipState.DECLARED), "expires_at": _n(int(until.timestamp()))}
        return self._put_unless_taken(footage, item)

    def claim(self, footage: Footage, stored_at: datetime) -> ClaimOutcome:
        """Take the clip into the city, once: whoever meets NEW announces it, which this write notes already.

        The bytes lie in the store. Who dies between both leaves a clip that waits: the sweeper announces it again.
        """
        item = _identity(footage) | {
            "state": _s(ClipState.STORED),
            "camera_id": _s(footage.camera_id),
            "capture_start": _s(utc_text(footage.capture_start)),
            "capture_end": _s(utc_text(footage.capture_end)),
            "stored_at": _s(utc_text(stored_at)),
            "pending": _s("1"),
            "announced_at": _s(utc_text(stored_at)),
            "announcements": _n(1),
        }
        return self._put_unless_taken(footage, item)

    def get(self, clip_id: str) -> Clip:
        """The clip as it stands; raises NotFound."""
        answer = clients.dynamodb().get_item(TableName=self._table, Key={"clip_id": _s(clip_id)}, ConsistentRead=True)
        if "Item" not in answer:
            raise NotFound(f"there is no clip {clip_id}")
        return _clip(answer["Item"])

    def announced(self, clip_id: str) -> None:
        """Note that the clip was announced on the bus once more."""
        self._update(
            clip_id,
            "SET announced_at = :now ADD announcements :one",
            {":now": _s(utc_text(now())), ":one": _n(1), ":declared": _s(ClipState.DECLARED)},
            when="#state <> :declared",
        )

    def judged(self, clip_id: str, looked: Looked | None = None) -> None:
        """The clip's facts stand: nobody waits for it any more. How well it was looked at goes with the same write."""
        self._close(clip_id, ClipState.JUDGED, looked=looked)

    def pass_over(self, clip_id: str) -> None:
        """The clip is kept and not analysed, unless somebody replays it."""
        self._close(clip_id, ClipState.PASSED_OVER)

    def reject(self, clip_id: str, reason: str) -> None:
        """The clip cannot be used and lies in quarantine."""
        self._close(clip_id, ClipState.REJECTED, reason)

    def abandon(self, clip_id: str, reason: str) -> None:
        """The last try failed: the clip lies in the dead letters, and nobody waits for it until a redrive."""
        self._close(clip_id, ClipState.ABANDONED, reason)

    def reopen(self, clip_id: str) -> None:
        """Take back that the clip was judged: its facts were lost together with everything that knew them."""
        self._update(
            clip_id,
            "SET #state = :stored, pending = :yes, stored_at = :now",
            {
                ":stored": _s(ClipState.STORED),
                ":yes": _s("1"),
                ":now": _s(utc_text(now())),
                ":judged": _s(ClipState.JUDGED),
            },
            when="#state = :judged",
        )

    def by_camera(
        self,
        camera_id: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        cursor: Mapping[str, str] | None = None,
        limit: int = 50,
    ) -> Page[Clip]:
        """Accepted clips of a camera that start at or after `start` and before `end`, newest first."""
        request: dict[str, Any] = {"Limit": limit}
        if at := checked(cursor, "camera_id", "capture_start", "clip_id"):
            request["ExclusiveStartKey"] = {name: _s(value) for name, value in at.items()} | {
                "camera_id": _s(camera_id)  # whatever the token says: no token reaches another camera's clips
            }
        answer = clients.dynamodb().query(
            TableName=self._table,
            IndexName="by_camera",
            KeyConditionExpression="camera_id = :camera AND capture_start BETWEEN :start AND :end",
            ExpressionAttributeValues={
                ":camera": _s(camera_id),
                ":start": _s(utc_text(start) if start else "0"),
                ":end": _s(_just_before(end) if end else "9"),
            },
            ScanIndexForward=False,
            **request,
        )
        last = answer.get("LastEvaluatedKey")
        return Page(
            tuple(map(_clip, answer["Items"])), {name: value["S"] for name, value in last.items()} if last else None
        )

    def captured(self, camera_id: str, start: datetime, end: datetime) -> Iterator[Clip]:
        """The camera's clips that lie in the store and start at or after `start` and before `end`, oldest first."""
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                IndexName="by_camera",
                KeyConditionExpression="camera_id = :camera AND capture_start BETWEEN :start AND :end",
                FilterExpression="#state <> :rejected",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={
                    ":camera": _s(camera_id),
                    ":start": _s(utc_text(start)),
                    ":end": _s(_just_before(end)),
                    ":rejected": _s(ClipState.REJECTED),
                },
            )
        )
        return (_clip(item) for page in pages for item in page["Items"])

    def pending(self, older_than: datetime, limit: int = 1000) -> Iterator[Clip]:
        """Clips stored before that moment which nobody has judged, oldest first."""
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                IndexName="pending",
                KeyConditionExpression="pending = :yes AND stored_at < :moment",
                ExpressionAttributeValues={":yes": _s("1"), ":moment": _s(utc_text(older_than))},
                PaginationConfig={"MaxItems": limit},
            )
        )
        return (_clip(item) for page in pages for item in page["Items"])

    def _put_unless_taken(self, footage: Footage, item: "dict[str, AttributeValueTypeDef]") -> ClaimOutcome:
        """One conditional write: over nothing, over the same declaration, or over another that ran out unused."""
        try:
            clients.dynamodb().put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(clip_id) OR #state = :declared AND "
                "(captured = :captured OR expires_at < :now)",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={
                    ":declared": _s(ClipState.DECLARED),
                    ":captured": item["captured"],
                    ":now": _n(int(now().timestamp())),
                },
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            standing = self.get(footage.clip_id).footage
            return ClaimOutcome.SAME if _captured(standing) == _captured(footage) else ClaimOutcome.OTHER
        return ClaimOutcome.NEW

    def _close(self, clip_id: str, state: ClipState, reason: str = "", looked: Looked | None = None) -> None:
        """Nobody waits for the clip any more; a judgement that stands is never taken back."""
        told = {":looked": _s(looked.model_dump_json(exclude_defaults=True))} if looked else {}
        self._update(
            clip_id,
            f"SET #state = :state, reason = :reason{', looked = :looked' if told else ''} REMOVE pending",
            {":state": _s(state), ":reason": _s(reason), ":judged": _s(ClipState.JUDGED), **told},
            when="#state <> :judged",
        )

    def _update(self, clip_id: str, expression: str, values: "dict[str, AttributeValueTypeDef]", *, when: str) -> None:
        try:
            clients.dynamodb().update_item(
                TableName=self._table,
                Key={"clip_id": _s(clip_id)},
                UpdateExpression=expression,
                ConditionExpression=f"attribute_exists(clip_id) AND {when}",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=values,
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return


def _identity(footage: Footage) -> "dict[str, AttributeValueTypeDef]":
    return {
        "clip_id": _s(footage.clip_id),
        "captured": _s(_captured(footage)),
        "document": _s(footage.model_dump_json()),
    }


def _captured(footage: Footage) -> str:
    return f"{utc_text(footage.capture_start)}/{utc_text(footage.capture_end)}"


def _clip(item: "Item") -> Clip:
    return Clip(
        footage=Footage.model_validate_json(item["document"]["S"]),
        state=ClipState(item["state"]["S"]),
        stored_at=_moment(item, "stored_at"),
        announced_at=_moment(item, "announced_at"),
        announcements=int(item["announcements"]["N"]) if "announcements" in item else 0,
        reason=item.get("reason", {}).get("S") or None,
        looked=Looked.model_validate_json(item["looked"]["S"]) if "looked" in item else None,
    )


def _moment(item: "Item", name: str) -> datetime | None:
    return datetime.fromisoformat(item[name]["S"]) if name in item else None


def _just_before(moment: datetime) -> str:
    """The last text that sorts before a moment: BETWEEN includes both its ends."""
    return utc_text(moment - timedelta(milliseconds=1))


def _s(value: str) -> "AttributeValueTypeDef":
    return {"S": str(value)}


def _n(value: int) -> "AttributeValueTypeDef":
    return {"N": str(value)}
