"""Rows -> data files of an Iceberg table, one for each partition.

pyiceberg's own `append` takes its partition transforms from `pyiceberg-core`: 39 MB, for which the function's layer has
no room. Here pyiceberg's row-wise transforms do it; a batch has hundreds of rows.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

import pyarrow as pa
from pyiceberg.io.pyarrow import pyarrow_to_schema, write_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionField, PartitionFieldValue, PartitionKey
from pyiceberg.table import Table, Transaction, WriteTask
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import TableUpdate


class Commit(Transaction):
    """A transaction that puts the table's metadata together once for each of its updates.

    pyiceberg's copies all of it, every snapshot of the day included, whenever it is asked for: fifteen times a commit.
    """

    _known: tuple[tuple[TableUpdate, ...], TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        """The metadata with what is staged so far."""
        if self._known is None or self._known[0] is not self._updates:
            self._known = self._updates, super().table_metadata
        return self._known[1]


def append(stored: Table, rows: pa.Table, properties: dict[str, str]) -> None:
    """Add the rows in one commit whose snapshot bears the properties; raises what pyiceberg's commits raise."""
    with Commit(stored) as transaction, transaction.update_snapshot(properties).merge_append() as snapshot:
        for file in data_files(stored, rows, snapshot.commit_uuid):
            snapshot.append_data_file(file)


def data_files(stored: Table, rows: pa.Table, write_id: UUID) -> Iterator[DataFile]:
    """Write the rows, and give the files that a commit may then name."""
    schema = pyarrow_to_schema(rows.schema, name_mapping=stored.schema().name_mapping)
    tasks = (
        WriteTask(write_id, number, schema, part.combine_chunks().to_batches(), partition_key=key)
        for number, (key, part) in enumerate(_parts(stored, rows))
    )
    return write_file(stored.io, stored.metadata, tasks)


def _parts(stored: Table, rows: pa.Table) -> Iterable[tuple[PartitionKey, pa.Table]]:
    """The rows of each partition that they touch."""
    fields = stored.spec().fields
    positions: dict[tuple[Any, ...], list[int]] = {}
    for position, values in enumerate(zip(*(_values(stored, rows, field) for field in fields), strict=True)):
        positions.setdefault(values, []).append(position)
    for values, chosen in positions.items():
        placed = [PartitionFieldValue(field, value) for field, value in zip(fields, values, strict=True)]
        yield PartitionKey(placed, stored.spec(), stored.schema()), rows.take(pa.array(chosen, type=pa.int64()))


def _values(stored: Table, rows: pa.Table, field: PartitionField) -> list[Any]:
    """The partition value of every row: a day's number, a bucket's."""
    column = rows[str(stored.schema().find_column_name(field.source_id))]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    transform: Callable[[Any], Any] = field.transform.transform(stored.schema().find_type(field.source_id))
    return [transform(value) for value in column.to_pylist()]
