"""Keeping a table readable: small files of a partition become one, old snapshots go, and then the files behind them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import FileScanTask, Table

from civicam.aws.lake import Lake
from civicam.aws.lake_files import LakeFiles
from civicam.aws.lake_writing import data_files
from civicam.aws.leases import POLL_SECONDS, Lease
from civicam.contracts.base import now
from civicam.contracts.errors import Unavailable


@dataclass(frozen=True)
class Limits:
    """When a partition is worth rewriting, and how much is done at once."""

    small_bytes: int = 16 * 2**20
    min_files: int = 4
    """Small files that a partition may have before they are joined."""
    bytes_a_partition: int = 64 * 2**20
    files_a_commit: int = 256
    """Small files joined under one hold of the lease: seconds, for which a writer can wait."""
    commits_a_run: int = 100
    keep: timedelta = timedelta(hours=24)
    """How long a snapshot can still be read, and how old a file without an owner must be before it goes."""
    keep_snapshots: int = 1000
    """Snapshots kept at most, for every commit writes all of them into its metadata file."""


@dataclass(frozen=True)
class Joined:
    """What one commit joined."""

    partitions: int = 0
    files_before: int = 0
    files_after: int = 0

    def __add__(self, other: "Joined") -> "Joined":
        return Joined(
            self.partitions + other.partitions,
            self.files_before + other.files_before,
            self.files_after + other.files_after,
        )


@dataclass(frozen=True)
class Compaction(Joined):
    """What one run did to a table."""

    snapshots_expired: int = 0
    files_removed: int = 0


def compact(lake: Lake, name: str, limits: Limits = Limits()) -> Compaction:
    """Join small files, expire snapshots, remove unneeded files; raises Unavailable when a writer got in between.

    The lease is let go between two commits, so that the table's writer never waits for the whole of it.
    """
    joined = Joined()
    for _ in range(limits.commits_a_run):
        with _writing(lake, name) as (stored, lease):
            once = _join(stored, _worth_joining(stored, limits), lease)
        if not once.partitions:
            break
        joined += once
        time.sleep(POLL_SECONDS * 2)
    with _writing(lake, name) as (stored, _):
        expired = _expire(stored, limits)
    return Compaction(**asdict(joined), snapshots_expired=expired, files_removed=_remove_unneeded(lake, stored, limits))


@contextmanager
def _writing(lake: Lake, name: str) -> Iterator[tuple[Table, Lease]]:
    """The table as it stands, held against other writers."""
    with lake.leases.hold(lake.lease_name(name)) as lease:
        try:
            yield lake.load(name), lease
        except (CommitFailedException, ValidationException) as error:
            raise Unavailable(f"{name}: another writer committed during the compaction: {error}") from error


def _worth_joining(stored: Table, limits: Limits) -> list[list[FileScanTask]]:
    """Small files by partition for one commit, those partitions first that have the most of them."""
    groups: dict[str, list[FileScanTask]] = {}
    for task in stored.scan().plan_files():
        if task.file.file_size_in_bytes < limits.small_bytes:
            groups.setdefault(str(task.file.partition), []).append(task)
    worth = [_fitting(tasks, limits) for tasks in groups.values() if len(tasks) > limits.min_files]
    chosen: list[list[FileScanTask]] = []
    for tasks in sorted(worth, key=len, reverse=True):
        if chosen and sum(map(len, chosen)) + len(tasks) > limits.files_a_commit:
            break
        chosen.append(tasks)
    return chosen


def _fitting(tasks: list[FileScanTask], limits: Limits) -> list[FileScanTask]:
    """The smallest of the files, as many as one rewrite may hold in memory."""
    fitting, total = [], 0
    for task in sorted(tasks, key=lambda task: task.file.file_size_in_bytes):
        total += task.file.file_size_in_bytes
        if total > limits.bytes_a_partition:
            break
        fitting.append(task)
    return fitting


def _join(stored: Table, groups: list[list[FileScanTask]], lease: Lease) -> Joined:
    """Rewrite each partition's files into one (or few, where it is large), all partitions in one commit."""
    if not groups:
        return Joined()
    written = 0
    with stored.transaction() as transaction, transaction.update_snapshot().overwrite() as rewrite:
        for tasks in groups:
            lease.renew()
            rows = unique_rows(ArrowScan(stored.metadata, stored.io, stored.schema(), AlwaysTrue()).to_table(tasks))
            for task in tasks:
                rewrite.delete_data_file(task.file)
            for file in data_files(stored, rows, rewrite.commit_uuid):
                rewrite.append_data_file(file)
                written += 1
    return Joined(len(groups), sum(map(len, groups)), written)


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
