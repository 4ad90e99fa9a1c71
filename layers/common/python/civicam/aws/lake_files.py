"""A table's files as they lie in S3: which metadata file is the newest that is whole, and which files nobody needs."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import ValidationError
from pyiceberg.io import load_file_io
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import ManifestFile
from pyiceberg.serializers import FromInputFile
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot

METADATA_NAME = re.compile(r"/metadata/(\d+)-[0-9a-f-]{36}\.metadata\.json$")
BROKEN = (OSError, ValueError, EOFError, ValidationError)
"""What reading a file that is missing, cut or damaged ends with."""


@dataclass(frozen=True)
class MetadataFile:
    """One version of a table, whole: every file that its present snapshot names exists."""

    version: int
    location: str
    metadata: TableMetadata


@dataclass(frozen=True)
class LakeFiles:
    """A listing of everything under a table's location."""

    io: PyArrowFileIO
    location: str

    @classmethod
    def of(cls, catalog: Catalog, location: str) -> "LakeFiles":
        """The files under the location, read as the catalogue's tables are."""
        io = load_file_io(dict(catalog.properties), location)
        if not isinstance(io, PyArrowFileIO):
            raise TypeError(f"the catalogue must read files through Arrow, not {type(io).__name__}")
        return cls(io, location.rstrip("/"))

    @cached_property
    def listed(self) -> dict[str, FileInfo]:
        """Every file by its address; empty where nothing lies there."""
        _, _, path = self.io.parse_location(self.location)
        prefix = self.location.removesuffix(path)
        infos = self._filesystem.get_file_info(FileSelector(path, recursive=True, allow_not_found=True))
        return {f"{prefix}{info.path}": info for info in infos if info.type == FileType.File}

    def whole_versions(self, *, without: Collection[str] = ()) -> Iterator[MetadataFile]:
        """Readable versions, the newest first: by number, then (writers that raced for it) by the time of writing."""
        names = (name for name in self.listed if name not in without)
        numbered = [(int(match[1]), name) for name in names if (match := METADATA_NAME.search(name))]
        for version, location in sorted(numbered, key=lambda item: (item[0], self._modified(item[1])), reverse=True):
            metadata = self._read(location)
            if metadata is not None and self._is_whole(metadata.current_snapshot()):
                yield MetadataFile(version, location, metadata)

    def newest(self) -> MetadataFile | None:
        """The newest version that is whole; None where there is none. A half-written commit never wins."""
        return next(self.whole_versions(), None)

    def unneeded(self, metadata: TableMetadata, metadata_location: str, *, before: datetime) -> list[str]:
        """Files older than `before` that no kept snapshot and no kept metadata reaches."""
        old = {name for name in self.listed if self._modified(name) < before}
        if not old:
            return []
        needed = {metadata_location} | {entry.metadata_file for entry in metadata.metadata_log}
        needed |= {statistics.statistics_path for statistics in metadata.statistics}
        manifests: dict[str, ManifestFile] = {}
        for snapshot in metadata.snapshots:
            needed.add(snapshot.manifest_list)
            manifests |= {manifest.manifest_path: manifest for manifest in snapshot.manifests(self.io)}
        for path, manifest in manifests.items():
            needed |= {path, *self._data_files(manifest)}
        return sorted(old - needed)

    @property
    def _filesystem(self) -> FileSystem:
        scheme, netloc, _ = self.io.parse_location(self.location)
        return self.io.fs_by_scheme(scheme, netloc)

    def _modified(self, name: str) -> datetime:
        modified: datetime = self.listed[name].mtime
        return modified

    def _read(self, location: str) -> TableMetadata | None:
        try:
            return FromInputFile.table_metadata(self.io.new_input(location))
        except BROKEN:
            return None

    def _is_whole(self, snapshot: Snapshot | None) -> bool:
        if snapshot is None:
            return True
        try:
            manifests = snapshot.manifests(self.io)
            return all(name in self.listed for manifest in manifests for name in self._data_files(manifest))
        except BROKEN:
            return False

    def _data_files(self, manifest: ManifestFile) -> list[str]:
        return [entry.data_file.file_path for entry in manifest.fetch_manifest_entry(self.io, discard_deleted=True)]
