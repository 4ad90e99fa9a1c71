"""Columns of the lake's tables for programs, where a table may not exist yet."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import GreaterThanOrEqual, Reference
from pyiceberg.expressions.literals import literal

from civicam.aws.lake import Lake
from civicam.lake.schemas import LakeTable


def read_rows(lake: Lake, table: LakeTable, columns: tuple[str, ...], since: datetime) -> Iterator[dict[str, Any]]:
    """Rows of a table whose moment is not before `since`, batch by batch; none where the table does not exist."""
    try:
        stored = lake.load(table.name)
    except NoSuchTableError:
        return
    not_before = GreaterThanOrEqual(term=Reference(table.moment), value=literal(since.isoformat()))
    with stored.scan(row_filter=not_before, selected_fields=columns).to_arrow_batch_reader() as batches:
        for batch in batches:
            yield from batch.to_pylist()
