"""The lake's catalogue rebuilt from S3: every table registered at its newest whole version, and no row left behind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pyarrow.fs import FileSelector, FileType
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import StaticTable, Table

from civicam.aws.lake import Lake
from civicam.aws.lake_files import BROKEN, LakeFiles, MetadataFile
from civicam.lake.schemas import TABLES, LakeTable

BY_NAME: dict[str, LakeTable] = {table.name: table for table in TABLES.values()}


Action = Literal["kept", "registered", "moved_forward", "unreadable"]


@dataclass(frozen=True)
class TableRecovery:
    """What became of one table. `rows_merged` came from commits that the chosen version does not descend from."""

    table: str
    action: Action
    version: int | None
    rows_merged: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything had to be done."""
        return self.action in ("registered", "moved_forward") or self.rows_merged > 0


def recover_tables(lake: Lake, *, dry_run: bool = False) -> Iterator[TableRecovery]:
    """Recover every table that lies under the lake's root, one after the other; again changes nothing.

    Each table is taken under its writer's lease; raises Unavailable when a live writer does not let go of it.
    """
    if not dry_run:
        lake.catalog.create_namespace_if_not_exists(lake.database)
    for name in _stored_names(lake):
        yield _recover(lake, name, dry_run=dry_run)


def _recover(lake: Lake, name: str, *, dry_run: bool) -> TableRecovery:
    with lake.leases.hold(lake.lease_name(name)):
        files = LakeFiles.of(lake.catalog, lake.location(name))
        newest = files.newest()
        if newest is None:
            return TableRecovery(name, "unreadable", None)
        registered = _registered(lake, name)
        chosen = _choose(files, newest, registered)
        if not dry_run and chosen.location != registered:
            _register(lake, name, chosen)
    line = {chosen.location, *(entry.metadata_file for entry in chosen.metadata.metadata_log)}
    merged = 0 if dry_run else sum(_merge(lake, name, other) for other in files.whole_versions(without=line))
    action: Action = "registered" if registered is None else "moved_forward"
    return TableRecovery(name, "kept" if chosen.location == registered else action, chosen.version, merged)


def _choose(files: LakeFiles, newest: MetadataFile, registered: str | None) -> MetadataFile:
    """The version that shall count. What the catalogue names stands unless S3 holds a later one: of two writers that
    raced for the same number, the catalogue alone knows who won."""
    for version in files.whole_versions():
        if version.version < newest.version:
            break
        if version.location == registered:
            return version
    return newest


def _registered(lake: Lake, name: str) -> str | None:
    """The metadata file that the catalogue names, whether or not it can be read; None where it knows no such table."""
    try:
        return lake.load(name).metadata_location
    except NoSuchTableError:
        return None
    except BROKEN:
        return ""


def _register(lake: Lake, name: str, chosen: MetadataFile) -> None:
    """Name this version in the catalogue. Between the two calls a writer would find the same version itself."""
    identifier = (lake.database, name)
    if _registered(lake, name) is not None:
        lake.catalog.drop_table(identifier)
    lake.catalog.register_table(identifier, chosen.location)


def _merge(lake: Lake, name: str, other: MetadataFile) -> int:
    """Add the rows of a version that the registered one does not come from: a commit that raced, or one on top of an
    older catalogue. Its facts are as true as any; those that are known already are left out."""
    stored, table = lake.load(name), BY_NAME.get(name)
    if table is None or _holds(stored, other):
        return 0
    beside = StaticTable.from_metadata(other.location, properties=dict(lake.catalog.properties))
    present = {task.file.file_path for task in stored.scan().plan_files()}
    tasks = [task for task in beside.scan().plan_files() if task.file.file_path not in present]
    if not tasks:
        return 0
    rows = ArrowScan(beside.metadata, beside.io, beside.schema(), AlwaysTrue()).to_table(tasks)
    return lake.append_once(table, rows, f"recovered/{other.location.rpartition('/')[2]}")


def _holds(stored: Table, other: MetadataFile) -> bool:
    """Whether the other's newest commit is one of the table's own."""
    snapshot = other.metadata.current_snapshot()
    return snapshot is None or stored.metadata.snapshot_by_id(snapshot.snapshot_id) is not None


def _stored_names(lake: Lake) -> list[str]:
    """Names of the folders under the lake's root."""
    io = LakeFiles.of(lake.catalog, lake.root).io
    scheme, netloc, path = io.parse_location(lake.root)
    infos = io.fs_by_scheme(scheme, netloc).get_file_info(FileSelector(path, allow_not_found=True))
    return sorted(info.base_name for info in infos if info.type == FileType.Directory)
