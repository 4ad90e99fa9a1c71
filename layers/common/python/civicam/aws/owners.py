"""The owners of cameras: every version for ever in S3, the current one of each in DynamoDB."""

from collections.abc import Iterator
from datetime import datetime
from typing import Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.versions import Change, Versions
from civicam.contracts.base import now
from civicam.contracts.owners import Owner
from civicam.contracts.versions import Changed


class Owners:
    """The city's tenants: some dozens."""

    def __init__(self, table: str, bucket: str) -> None:
        self._table = table
        self._owners = Versions(Owner, table, bucket, indexed=())

    @classmethod
    def from_env(cls) -> Self:
        """The owners of OWNERS_TABLE and REGISTRY_BUCKET."""
        return cls(setting("OWNERS_TABLE"), setting("REGISTRY_BUCKET"))

    def get(self, owner_id: str) -> Owner:
        """The current version; raises NotFound."""
        return self._owners.current(owner_id)

    def all(self) -> Iterator[Owner]:
        """Every owner, once, in no order."""
        for page in clients.dynamodb().get_paginator("scan").paginate(TableName=self._table):
            yield from map(self._owners.of_item, page["Items"])

    def history(self, owner_id: str) -> tuple[Owner, ...]:
        """Every version, the first one first; raises NotFound."""
        return self._owners.history(owner_id)

    def put(self, owner: Owner, *, by: str, at: datetime | None = None) -> tuple[Owner, Change]:
        """Make this the owner's entry, valid from `at` (now), as `Versions.put` does; raises Conflict."""
        return self._owners.put(owner, Changed(at=at or now(), by=by))

    def archived(self) -> Iterator[Owner]:
        """The newest archived version of every owner, by id: what the table is rebuilt from."""
        return self._owners.archived()

    def make_current(self, owner: Owner) -> None:
        """Write the table's entry; an older version than what stands there is no effect."""
        self._owners.make_current(owner)
