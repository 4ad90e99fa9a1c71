"""Keeping a table readable: small files of a partition become one, old snapshots go, and then the files behind them."""

from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, _dataframe_to_data_files
from pyiceberg.table import FileScanTask, Table

from civicam.aws.lake import Lake
from civicam.aws.lake_files import LakeFiles
from civicam.aws.leases import Lease
from civicam.contracts.base import now
from civicam.contracts.errors import Unavailable


@dataclass(frozen=True)
class Limits:
    """When a partition is worth rewriting, and how much one run does."""

    small_bytes: int = 16 * 2**20
    min_files: int = 4
    """Small files that a partition may have before they are joined."""
    bytes_a_partition: int = 256 * 2**20
    partitions_a_run: int = 256
    keep: timedelta = timedelta(hours=24)
    """How long a snapshot can still be read, and how old a file without an owner must be before it goes."""
    keep_snapshots: int = 1000
    """Snapshots kept at most, for every commit writes all of them into its metadata file."""


@dataclass(frozen=True)
class Compaction:
    """What one run did to a table."""

    table: str
    partitions: int
    files_before: int
    files_after: int
    snapshots_expired: int
    files_removed: int


def compact(lake: Lake, name: str, limits: Limits = Limits()) -> Compaction:
    """Join small files, expire snapshots, remove unneeded files; raises Unavailable when a writer got in between."""
    with lake.leases.hold(lake.lease_name(name)) as lease:
        stored = lake.load(name)
        try:
            groups = _worth_joining(stored, limits)
            files_after = _join(stored, groups, lease)
            expired = _expire(stored, limits)
        except (CommitFailedException, ValidationException) as error:
            raise Unavailable(f"{name}: another writer committed during the compaction: {error}") from error
        lease.renew()
        removed = _remove_unneeded(lake, stored, limits)
    return Compaction(name, len(groups), sum(map(len, groups)), files_after, expired, removed)


def _worth_joining(stored: Table, limits: Limits) -> list[list[FileScanTask]]:
    """Small files by partition, those partitions first that have the most of them."""
    groups: dict[str, list[FileScanTask]] = {}
    for task in stored.scan().plan_files():
        if task.file.file_size_in_bytes < limits.small_bytes:
            groups.setdefault(str(task.file.partition), []).append(task)
    worth = [_fitting(tasks, limits) for tasks in groups.values() if len(tasks) > limits.min_files]
    return sorted(worth, key=len, reverse=True)[: limits.partitions_a_run]


def _fitting(tasks: list[FileScanTask], limits: Limits) -> list[FileScanTask]:
    """The smallest of the files, as many as one rewrite may hold in memory."""
    fitting, total = [], 0
    for task in sorted(tasks, key=lambda task: task.file.file_size_in_bytes):
        total += task.file.file_size_in_bytes
        if total > limits.bytes_a_partition:
            break
        fitting.append(task)
    return fitting


def _join(stored: Table, groups: list[list[FileScanTask]], lease: Lease) -> int:
    """Rewrite each group into new files, all groups in one commit; returns the number of new files."""
    if not groups:
        return 0
    written = 0
    with stored.transaction() as transaction, transaction.update_snapshot().overwrite() as rewrite:
        for tasks in groups:
            lease.renew()
            rows = unique_rows(ArrowScan(stored.metadata, stored.io, stored.schema(), AlwaysTrue()).to_table(tasks))
            for task in tasks:
                rewrite.delete_data_file(task.file)
            for file in _dataframe_to_data_files(stored.metadata, rows, stored.io, write_uuid=rewrite.commit_uuid):
                rewrite.append_data_file(file)
                written += 1
    return written


def unique_rows(rows: pa.Table) -> pa.Table:
    """The rows in the order in which they were recorded, each fact and revision once."""
    ordered = rows.sort_by([("recorded_at", "ascending"), ("fact_id", "ascending"), ("revision", "ascending")])
    identities = zip(ordered["fact_id"].to_pylist(), ordered["revision"].to_pylist(), strict=True)
    first_at: dict[tuple[str, int], int] = {}
    for position, identity in enumerate(identities):
        first_at.setdefault(identity, position)
    return ordered.take(pa.array(first_at.values(), type=pa.int64()))


def _expire(stored: Table, limits: Limits) -> int:
    snapshots = sorted(stored.metadata.snapshots, key=lambda snapshot: snapshot.timestamp_ms, reverse=True)
    oldest = (now() - limits.keep).timestamp() * 1000
    heads = {reference.snapshot_id for reference in stored.metadata.refs.values()}
    old = [
        snapshot.snapshot_id
        for rank, snapshot in enumerate(snapshots)
        if snapshot.snapshot_id not in heads and (rank >= limits.keep_snapshots or snapshot.timestamp_ms < oldest)
    ]
    if old:
        stored.maintenance.expire_snapshots().by_ids(old).commit()
    return len(old)


def _remove_unneeded(lake: Lake, stored: Table, limits: Limits) -> int:
    files = LakeFiles.of(lake.catalog, stored.location())
    names = files.unneeded(stored.metadata, stored.metadata_location, before=now() - limits.keep)
    for name in names:
        files.io.delete(name)
    return len(names)
