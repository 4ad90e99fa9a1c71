"""What each pulled source last said, so that it need not say it again."""

import hashlib
from typing import Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.http_source import Reading

_REMEMBERED = ("etag", "last-modified", "exported-until")


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
        return {name: value["S"] for name, value in answer.get("Item", {}).items() if name != "camera_id"}

    def note(self, camera_id: str, reading: Reading) -> None:
        """Remember an answer, once its content is safe in the store."""
        told = {name: {"S": reading.headers[name]} for name in _REMEMBERED if reading.headers.get(name)}
        item = {"camera_id": {"S": camera_id}, "sha256": {"S": content_digest(reading)}}
        clients.dynamodb().put_item(TableName=self._table, Item=item | told)


def content_digest(reading: Reading) -> str:
    """SHA-256 of the answer's bytes, in hex."""
    return hashlib.sha256(reading.body).hexdigest()
