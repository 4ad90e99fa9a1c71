"""The lake: facts as rows of Iceberg tables in S3, named in Glue, each fact and revision once.

Iceberg has no unique key, so a commit follows an anti-join against what lies in the partitions that it touches. The two
belong together through Iceberg's own optimistic lock (Glue refuses a commit whose parent is no longer the newest): a
commit that failed starts again from the stored table, and pyiceberg's own retries are off, for they would append the
same rows behind rows that nobody compared them with. The lease only spares writers that lock's futile work.
"""

import os
import random
import time
from dataclasses import dataclass
from datetime import datetime

import boto3
import pyarrow as pa
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.catalog import MetastoreCatalog
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    CommitStateUnknownException,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.expressions import (
    AlwaysFalse,
    And,
    BooleanExpression,
    GreaterThanOrEqual,
    In,
    LessThanOrEqual,
    Or,
    Reference,
)
from pyiceberg.expressions.literals import literal
from pyiceberg.table import Table

from civicam.aws.environment import setting
from civicam.aws.lake_files import LakeFiles
from civicam.aws.lake_writing import append
from civicam.aws.leases import Leases
from civicam.contracts.errors import Unavailable
from civicam.lake.schemas import LakeTable

BATCH_ID = "civicam.batch-id"
"""Snapshot property: which batch a commit wrote."""
ATTEMPTS = 4
TRANSIENT = (
    CommitFailedException,
    CommitStateUnknownException,
    TableAlreadyExistsError,
    ClientError,
    BotoCoreError,
    OSError,
)
"""What a try may end with; Arrow reports S3's failures as OSError."""
PROPERTIES = {
    "format-version": "2",
    "commit.retry.num-retries": "0",
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "8",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "write.parquet.compression-codec": "zstd",
}


@dataclass(frozen=True)
class Lake:
    """The tables of one city. `root` is their common address, such as s3://bucket/lake."""

    catalog: MetastoreCatalog
    database: str
    root: str
    leases: Leases

    @classmethod
    def from_env(cls) -> "Lake":
        """The lake that the stack names in LAKE_BUCKET, GLUE_DATABASE and LEASES_TABLE."""
        return cls(glue_catalog(), setting("GLUE_DATABASE"), f"s3://{setting('LAKE_BUCKET')}/lake", Leases.from_env())

    def append_once(self, table: LakeTable, rows: pa.Table, batch_id: str) -> int:
        """Add the rows whose (fact_id, revision) the table does not hold yet; returns how many those were.

        Safe after any interruption: a batch that is found committed adds nothing. Raises Unavailable when the lease
        or a commit could not be had within the tries.
        """
        with self.leases.hold(self.lease_name(table.name)):
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return self._append(table, rows, batch_id)
                except TRANSIENT as error:
                    if attempt == ATTEMPTS:
                        raise Unavailable(f"{table.name}: {ATTEMPTS} tries to commit failed, last: {error}") from error
                    time.sleep(0.1 * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
        raise AssertionError("the loop returns or raises")

    def open(self, table: LakeTable) -> Table:
        """The stored table, created or grown to the fact's present model where it is behind it."""
        try:
            stored = self.load(table.name)
        except NoSuchTableError:
            stored = self._create(table)
        if set(table.schema.column_names) - set(stored.schema().column_names):
            with stored.update_schema() as update:
                update.union_by_name(table.schema)
        return stored

    def load(self, name: str) -> Table:
        """The stored table as it is; raises NoSuchTableError."""
        return self.catalog.load_table((self.database, name))

    def names(self) -> list[str]:
        """Names of the tables in the catalogue, sorted."""
        return sorted(name for _, name in self.catalog.list_tables(self.database))

    def location(self, name: str) -> str:
        """Where a table's files lie."""
        return f"{self.root}/{name}"

    def lease_name(self, name: str) -> str:
        """The lease of a table's one writer."""
        return f"lake/{name}"

    def _append(self, table: LakeTable, rows: pa.Table, batch_id: str) -> int:
        stored = self.open(table)
        if is_committed(stored, batch_id):
            return 0
        fresh = _without(rows, _known(stored, table, rows))
        if fresh.num_rows:
            append(stored, fresh, {BATCH_ID: batch_id})
        return int(fresh.num_rows)

    def _create(self, table: LakeTable) -> Table:
        """A new table; but where its files lie in S3 already (the catalogue was lost), the newest of them counts."""
        identifier, location = (self.database, table.name), self.location(table.name)
        newest = LakeFiles.of(self.catalog, location).newest()
        if newest is not None:
            return self.catalog.register_table(identifier, newest.location)
        return self.catalog.create_table(identifier, table.schema, location, table.partitions, properties=PROPERTIES)


def glue_catalog() -> GlueCatalog:
    """Glue as Iceberg's catalogue, S3 through Arrow; AWS_ENDPOINT_URL replaces both addresses where it is set.

    The client tries once: a repeated UpdateTable whose first answer got lost would look like a conflict, for which
    pyiceberg deletes the manifests of a commit that has landed. Trying again is `append_once`'s business.
    """
    session = boto3.session.Session()
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=20)
    properties = {
        "py-io-impl": "civicam.aws.lake_io.LakeIO",
        "s3.connect-timeout": "3",
        "s3.request-timeout": "30",
    }
    if session.region_name:
        properties["s3.region"] = session.region_name
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        properties |= {"s3.endpoint": endpoint, "s3.force-virtual-addressing": "false"}
    return CityCatalog("glue", client=session.client("glue", config=once), **properties)


class CityCatalog(GlueCatalog):
    """Glue, where the city's database is one of its own: pyiceberg asks Glue before every commit."""

    def _is_s3tables_database(self, database_name: str) -> bool:  # noqa: ARG002 - pyiceberg gives it
        return False


def is_committed(stored: Table, batch_id: str) -> bool:
    """Whether a snapshot of the table carries the batch's id."""
    return any(
        snapshot.summary is not None and snapshot.summary.additional_properties.get(BATCH_ID) == batch_id
        for snapshot in stored.metadata.snapshots
    )


def touched(table: LakeTable, rows: pa.Table) -> BooleanExpression:
    """Where the rows' facts can lie already: their cameras' buckets and, where capture time is part of their identity,
    files whose capture times meet theirs. Hour by hour, so that one late clip does not open a whole day's files."""
    if not table.moment_is_identity:
        return _one_of("camera_id", set(rows["camera_id"].to_pylist()))
    hours: dict[datetime, list[tuple[datetime, str]]] = {}
    for moment, camera_id in zip(rows[table.moment].to_pylist(), rows["camera_id"].to_pylist(), strict=True):
        hours.setdefault(moment.replace(minute=0, second=0, microsecond=0), []).append((moment, camera_id))
    return Or(AlwaysFalse(), AlwaysFalse(), *(_within(table.moment, seen) for seen in hours.values()))


def _within(moment: str, seen: list[tuple[datetime, str]]) -> BooleanExpression:
    first, last = min(seen)[0], max(seen)[0]
    not_before = GreaterThanOrEqual(term=Reference(moment), value=literal(first.isoformat()))
    not_after = LessThanOrEqual(term=Reference(moment), value=literal(last.isoformat()))
    return And(_one_of("camera_id", {camera_id for _, camera_id in seen}), not_before, not_after)


def _one_of(column: str, values: set[str]) -> BooleanExpression:
    return In(term=Reference(column), literals={literal(value) for value in values})


def _known(stored: Table, table: LakeTable, rows: pa.Table) -> set[tuple[str, int]]:
    """Identities that the table holds already, read from the touched partitions only."""
    if not rows.num_rows or stored.current_snapshot() is None:
        return set()
    same_facts = And(_one_of("fact_id", set(rows["fact_id"].to_pylist())), touched(table, rows))
    found = stored.scan(row_filter=same_facts, selected_fields=("fact_id", "revision")).to_arrow()
    return set(_identities(found))


def _without(rows: pa.Table, known: set[tuple[str, int]]) -> pa.Table:
    return rows.filter(pa.array([identity not in known for identity in _identities(rows)], type=pa.bool_()))


def _identities(rows: pa.Table) -> list[tuple[str, int]]:
    return list(zip(rows["fact_id"].to_pylist(), rows["revision"].to_pylist(), strict=True))
