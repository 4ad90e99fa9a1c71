"""A fact's table follows from its model, and a stored table only grows."""

from collections.abc import Callable
from datetime import UTC, timedelta
from enum import Enum
from types import NoneType
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel
from pyiceberg.transforms import BucketTransform, DayTransform

from civicam.aws.lake import Lake
from civicam.contracts.base import Document, Moment, now
from civicam.contracts.catalogue import FACTS
from civicam.contracts.facts import CloudEvent, Fact
from civicam.contracts.footage import Footage
from civicam.contracts.vision import VehiclesCounted
from civicam.lake.batches import arrow_rows
from civicam.lake.schemas import CAMERA_BUCKETS, TABLES, lake_table, table_name

pytestmark = pytest.mark.unit

Made = Callable[..., CloudEvent[Any]]


def test_every_catalogued_fact_has_a_table() -> None:
    assert set(TABLES) == {kind.TYPE for kind in FACTS}


def test_the_first_version_has_the_plain_name_and_a_second_its_own_table() -> None:
    assert table_name("vision.vehicles.counted.v1") == "vision_vehicles_counted"
    assert table_name("vision.vehicles.counted.v2") == "vision_vehicles_counted_v2"


def test_partitions_are_the_capture_day_and_the_cameras_bucket() -> None:
    for fact_type in ("vision.vehicles.counted.v1", "cameras.clip.stored.v1", "watch.alert.raised.v1"):
        table = TABLES[fact_type]
        day, camera = table.partitions.fields
        assert (table.schema.find_column_name(day.source_id), day.transform) == ("capture_start", DayTransform())
        assert table.schema.find_column_name(camera.source_id) == "camera_id"
        assert camera.transform == BucketTransform(CAMERA_BUCKETS)


def test_a_fact_without_capture_time_goes_by_its_own_moment() -> None:
    assert TABLES["cameras.clip.rejected.v1"].moment == "rejected_at"
    assert not TABLES["cameras.clip.rejected.v1"].moment_is_identity


def test_a_field_that_has_no_column_type_is_named() -> None:
    class Odd(Fact):
        TYPE: ClassVar[str] = "odd.v1"
        at: Moment
        camera_id: str
        either: int | str

    with pytest.raises(TypeError, match=r"Odd\.either"):
        lake_table(Odd)


def test_a_stored_table_gains_the_optional_fields_that_the_model_gained(lake: Lake, vehicles: Made) -> None:
    old, event = TABLES[VehiclesCounted.TYPE], vehicles(0)
    lake.append_once(old, arrow_rows(old, [event], recorded_at=now()), "old")

    class Weather(Document):
        sky: str | None = None

    class Grown(VehiclesCounted):
        note: str | None = None
        weather: Weather | None = None

    grown = lake_table(Grown)
    later = Grown(**vehicles(1).data.model_dump(), note="rain", weather=Weather(sky="grey"))
    lake.append_once(grown, arrow_rows(grown, [CloudEvent.of(later)], recorded_at=now()), "grown")
    lake.append_once(old, arrow_rows(old, [vehicles(2)], recorded_at=now()), "a writer not yet deployed anew")

    found = lake.load(old.name).scan().to_arrow().sort_by("capture_start").to_pylist()
    assert [row["note"] for row in found] == [None, "rain", None]
    assert [row["weather"] for row in found] == [None, {"sky": "grey"}, None]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_fact_goes_into_arrow_and_comes_back_the_same(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(FACTS))
    fact = data.draw(documents(kind))
    (row,) = arrow_rows(TABLES[kind.TYPE], [CloudEvent.of(fact)], recorded_at=now()).to_pylist(maps_as_pydicts="strict")
    assert kind.model_validate(row) == fact


Model = TypeVar("Model", bound=BaseModel)
MOMENTS = st.datetimes(timezones=st.just(UTC))
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    bool: st.booleans(),
    int: st.integers(1, 2**63 - 1),
    float: st.floats(0, 1),
    AwareDatetime: MOMENTS,
    NoneType: st.none(),
}


def documents(kind: type[Model]) -> st.SearchStrategy[Model]:
    """Random documents of a model; footage ends a second after it starts."""
    fields = {name: values(field.annotation, tuple(field.metadata)) for name, field in kind.model_fields.items()}
    whole = st.fixed_dictionaries(fields)
    if kind is Footage:
        whole = whole.map(lambda drawn: drawn | {"capture_end": drawn["capture_start"] + timedelta(seconds=1)})
    return whole.map(kind.model_validate)


def values(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Random values of a field's type; a pattern among the constraints decides over the type."""
    for pattern in (getattr(constraint, "pattern", None) for constraint in metadata):
        if pattern:
            return st.from_regex(pattern, fullmatch=True)
    if get_origin(annotation) is Annotated:
        return values(get_args(annotation)[0], get_args(annotation)[1:])
    if get_origin(annotation) is not None:
        return composed(get_origin(annotation), get_args(annotation))
    if annotation in SCALARS:
        return SCALARS[annotation]
    return st.sampled_from(annotation) if issubclass(annotation, Enum) else documents(annotation)


def composed(origin: Any, arguments: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """Random values of a type that is made of others."""
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    return st.one_of(*map(values, arguments))
