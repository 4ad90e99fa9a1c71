"""Messages of the lake's queue -> one Arrow table per lake table, each fact once; a bad message fails alone."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import reduce
from typing import Any

import pyarrow as pa
from pydantic import BaseModel
from pyiceberg.io.pyarrow import schema_to_pyarrow

from civicam.contracts.catalogue import read_any
from civicam.contracts.errors import Rejected
from civicam.contracts.facts import CloudEvent
from civicam.contracts.ids import digest
from civicam.lake.schemas import TABLES, LakeTable


@dataclass(frozen=True)
class Batch:
    """Rows for one table. The same events give the same `batch_id`, in whatever order they came."""

    table: LakeTable
    rows: pa.Table
    batch_id: str
    messages: tuple[str, ...]
    """Ids of the queue's messages behind the rows: they share the batch's fate."""


@dataclass(frozen=True)
class Sorted:
    """What a poll of the queue came to."""

    batches: tuple[Batch, ...]
    rejected: dict[str, Rejected] = field(default_factory=dict)
    """Messages that no retry helps, by id."""


def sort_out(messages: Iterable[tuple[str, str]], *, recorded_at: datetime) -> Sorted:
    """Batches by table from (message id, body) pairs; a body is a CloudEvent or EventBridge's envelope around one."""
    events: dict[str, list[tuple[str, CloudEvent[Any]]]] = {}
    rejected: dict[str, Rejected] = {}
    for message_id, body in messages:
        try:
            event = read_body(body)
        except Rejected as reason:
            rejected[message_id] = reason
        else:
            events.setdefault(event.type, []).append((message_id, event))
    batches = (_batch(TABLES[kind], members, recorded_at) for kind, members in events.items())
    return Sorted(tuple(batches), rejected)


def read_body(body: str) -> CloudEvent[Any]:
    """The event in a message; raises Rejected (`malformed_fact`, `unknown_fact`) as `read_any` does."""
    try:
        document = json.loads(body)
    except ValueError as error:
        raise Rejected("malformed_fact", f"the message is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("detail", {}), dict):
        raise Rejected("malformed_fact", "the message is neither a CloudEvent nor an EventBridge envelope around one")
    return read_any(document.get("detail", document))


def arrow_rows(table: LakeTable, events: Iterable[CloudEvent[Any]], *, recorded_at: datetime) -> pa.Table:
    """The events as rows, one per fact and revision, the first delivered wins; columns as in the table's schema."""
    unique: dict[tuple[str, int], CloudEvent[Any]] = {}
    for event in events:
        unique.setdefault((event.data.fact_id, event.data.revision), event)
    rows = [_row(table, event, recorded_at) for event in unique.values()]
    return pa.Table.from_pylist(rows, schema=arrow_schema(table))


def arrow_schema(table: LakeTable) -> pa.Schema:
    """The table's columns in Arrow, without field ids: those belong to the stored table, which may have grown."""
    return schema_to_pyarrow(table.schema, include_field_ids=False)


def _batch(table: LakeTable, members: list[tuple[str, CloudEvent[Any]]], recorded_at: datetime) -> Batch:
    rows = arrow_rows(table, (event for _, event in members), recorded_at=recorded_at)
    batch_id = digest("batch", *sorted({event.id for _, event in members}))
    return Batch(table, rows, batch_id, tuple(message_id for message_id, _ in members))


def _row(table: LakeTable, event: CloudEvent[Any], recorded_at: datetime) -> dict[str, Any]:
    envelope = {
        "event_id": event.id,
        "event_type": event.type,
        "event_time": event.time,
        "recorded_at": recorded_at,
        table.moment: reduce(getattr, table.moment_path, event.data),
    }
    return envelope | {name: _cell(getattr(event.data, name)) for name in table.kind.model_fields}


def _cell(value: Any) -> Any:
    """A field's value as Arrow takes it: structs are dicts, maps are lists of pairs."""
    if isinstance(value, BaseModel):
        return {name: _cell(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return [(key, _cell(member)) for key, member in value.items()]
    if isinstance(value, list | tuple):
        return [_cell(member) for member in value]
    return value.value if isinstance(value, Enum) else value
