"""What each pulled source last said, so that it need not say it again; and its circuit breaker."""

import hashlib
from datetime import datetime
from typing import Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.http_source import Reading
from civicam.cameras.circuit import CLOSED, Circuit
from civicam.contracts.base import now, utc_text
from civicam.contracts.errors import Unavailable

_REMEMBERED = ("etag", "last-modified", "exported-until")
WRITES = 3
"""Tries at one conditional write: two workers seldom meet at one source, and three never do."""


class Sources:
    """An item per pulled camera: the validators and the digest of its last answer. Losing it costs one reading."""

    def __init__(self, table: str) -> None:
        self._table = table

    @classmethod
    def from_env(cls) -> Self:
        """The sources of SOURCES_TABLE."""
        return cls(setting("SOURCES_TABLE"))

    def last(self, camera_id: str) -> dict[str, str]:
        """`etag`, `last-modified` and `sha256` of the last answer, where there were any."""
        answer = clients.dynamodb().get_item(TableName=self._table, Key={"camera_id": {"S": camera_id}})
        item = answer.get("Item", {})
        return {name: item[name]["S"] for name in (*_REMEMBERED, "sha256") if name in item}

    def note(self, camera_id: str, reading: Reading) -> None:
        """Remember an answer, once its content is safe in the store; what it failed before is forgotten with it."""
        told = {name: {"S": reading.headers[name]} for name in _REMEMBERED if reading.headers.get(name)}
        item = {
            "camera_id": {"S": camera_id},
            "sha256": {"S": content_digest(reading)},
            "changed_at": {"S": utc_text(now())},
        }
        clients.dynamodb().put_item(TableName=self._table, Item=item | told)

    def circuits(self) -> dict[str, Circuit]:
        """Of every source that failed last, by camera."""
        pages = (
            clients.dynamodb()
            .get_paginator("scan")
            .paginate(
                TableName=self._table,
                FilterExpression="attribute_exists(circuit)",
                ProjectionExpression="camera_id, circuit",
            )
        )
        return {
            item["camera_id"]["S"]: Circuit.model_validate_json(item["circuit"]["S"])
            for page in pages
            for item in page["Items"]
        }

    def failed(self, camera_id: str, was: Circuit, at: datetime, asked_seconds: int | None = None) -> Circuit:
        """Count one more failure on top of what stands, `was` by what the caller knows; what stands then.

        Raises Unavailable where others write all the time.
        """
        for _ in range(WRITES):
            wanted = was.failed(camera_id, at, asked_seconds)
            if wanted == was or self._replace(camera_id, was, wanted):
                return wanted
            was = self._circuit(camera_id)
        raise Unavailable(f"the circuit of source {camera_id} is written by too many at once")

    def mended(self, camera_id: str, was: Circuit) -> None:
        """Close the circuit, unless it is another one by now."""
        self._replace(camera_id, was, CLOSED)

    def _replace(self, camera_id: str, was: Circuit, wanted: Circuit) -> bool:
        """One conditional write; False where something else stands."""
        told = {":was": {"S": was.model_dump_json()}, ":new": {"S": wanted.model_dump_json()}}
        change = "REMOVE circuit" if wanted == CLOSED else "SET circuit = :new"
        condition = "attribute_not_exists(circuit)" if was == CLOSED else "circuit = :was"
        used = {name: value for name, value in told.items() if name in change + condition}
        try:
            clients.dynamodb().update_item(
                TableName=self._table,
                Key={"camera_id": {"S": camera_id}},
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeValues=used,
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _circuit(self, camera_id: str) -> Circuit:
        answer = clients.dynamodb().get_item(
            TableName=self._table, Key={"camera_id": {"S": camera_id}}, ConsistentRead=True
        )
        stands = answer.get("Item", {}).get("circuit")
        return Circuit.model_validate_json(stands["S"]) if stands else CLOSED


def content_digest(reading: Reading) -> str:
    """SHA-256 of the answer's bytes, in hex."""
    return hashlib.sha256(reading.body).hexdigest()
