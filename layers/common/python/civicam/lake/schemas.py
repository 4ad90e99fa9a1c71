"""A fact's table in the lake, derived from its model: name, Iceberg schema and partitions.

The model is the only source. A field that a model gains must be optional (else the fact is `.v2`, which is another
table), so a stored table only ever grows by columns; all but identity and partition are therefore optional in storage.
"""

import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import count
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform
from pyiceberg.types import (
    BooleanType,
    DoubleType,
    IcebergType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestamptzType,
)

from civicam.contracts.catalogue import FACTS
from civicam.contracts.facts import Fact

CAMERA_BUCKETS = 4
"""Fifty cameras' rows of a commit meet all of them, and each is a file: sixteen cost more than they spare a reader."""
ENVELOPE = {"event_id": str, "event_type": str, "event_time": datetime, "recorded_at": datetime}
"""Columns that come before the fact's own: its envelope, and the moment at which the lake's writer took it."""
REQUIRED = frozenset({"event_id", "event_type", "recorded_at", "fact_id", "revision", "camera_id"})

_SCALARS: dict[Any, type[IcebergType]] = {
    str: StringType,
    bool: BooleanType,
    int: LongType,
    float: DoubleType,
    datetime: TimestamptzType,
    AwareDatetime: TimestamptzType,
}


@dataclass(frozen=True)
class LakeTable:
    """Where one kind of fact lies in the lake."""

    name: str
    kind: type[Fact]
    schema: Schema
    partitions: PartitionSpec
    moment_path: tuple[str, ...]
    """Where the fact holds the moment that partitions go by, such as ("footage", "capture_start")."""

    @property
    def moment(self) -> str:
        """The column that partitions go by day: capture time wherever the fact knows one, else its own moment."""
        return self.moment_path[-1]

    @property
    def moment_is_identity(self) -> bool:
        """Whether the same fact always has the same moment (capture time is part of a fact's id, `rejected_at` not)."""
        return self.moment == "capture_start"


def table_name(fact_type: str) -> str:
    """`vision.vehicles.counted.v1` -> `vision_vehicles_counted`; from `.v2` on the version stays in the name."""
    return re.sub(r"_v1$", "", fact_type.replace(".", "_"))


def lake_table(kind: type[Fact]) -> LakeTable:
    """The table of a kind of fact; raises TypeError, naming the field, for a type that has no column type."""
    moment_path = _moment_path(kind)
    ids = count(1)
    columns: dict[str, Any] = dict(ENVELOPE)
    if len(moment_path) > 1:
        columns[moment_path[-1]] = datetime
    columns |= {name: field.annotation for name, field in kind.model_fields.items()}
    required = REQUIRED | {moment_path[-1]}
    schema = Schema(
        *(_column(f"{kind.__name__}.{name}", columns[name], ids, required=name in required) for name in columns)
    )
    return LakeTable(table_name(kind.TYPE), kind, schema, _partitions(schema, moment_path[-1]), moment_path)


def _column(path: str, annotation: Any, ids: Iterator[int], *, required: bool = False) -> NestedField:
    field_id = next(ids)
    return NestedField(field_id, path.rpartition(".")[2], _iceberg_type(path, annotation, ids), required=required)


def _partitions(schema: Schema, moment: str) -> PartitionSpec:
    day, camera = schema.find_field(moment).field_id, schema.find_field("camera_id").field_id
    return PartitionSpec(
        PartitionField(day, 1000, DayTransform(), f"{moment}_day"),
        PartitionField(camera, 1001, BucketTransform(CAMERA_BUCKETS), "camera_bucket"),
    )


def _moment_path(kind: type[Fact]) -> tuple[str, ...]:
    """The fact's capture time, its own or that of the footage or alert inside it; else the first moment it has."""
    fields = {name: _bare(field.annotation) for name, field in kind.model_fields.items()}
    if "capture_start" in fields:
        return ("capture_start",)
    for name, annotation in fields.items():
        if _is_model(annotation) and "capture_start" in annotation.model_fields:
            return (name, "capture_start")
    for name, annotation in fields.items():
        if _SCALARS.get(annotation) is TimestamptzType:
            return (name,)
    raise TypeError(f"{kind.__name__} holds no moment: the lake cannot partition it by day")


def _iceberg_type(path: str, annotation: Any, ids: Iterator[int]) -> IcebergType:
    annotation = _bare(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _SCALARS:
        return _SCALARS[annotation]()
    if origin is Literal or (isinstance(annotation, type) and issubclass(annotation, Enum)):
        return StringType()
    if _is_model(annotation):
        members = annotation.model_fields.items()
        return StructType(*(_column(f"{path}.{name}", field.annotation, ids) for name, field in members))
    if origin in (tuple, list) and len(set(arguments) - {Ellipsis}) == 1:
        return ListType(next(ids), _iceberg_type(path, arguments[0], ids), element_required=False)
    if origin is dict and _bare(arguments[0]) is str:
        return MapType(next(ids), StringType(), next(ids), _iceberg_type(path, arguments[1], ids), value_required=False)
    raise TypeError(f"{path}: {annotation!r} has no column type in the lake")


def _bare(annotation: Any) -> Any:
    """The annotation without its constraints and without `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return _bare(members[0]) if len(members) == 1 else annotation
    return annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


TABLES: dict[str, LakeTable] = {kind.TYPE: lake_table(kind) for kind in FACTS}
"""The table of every catalogued fact, by the fact's type."""
