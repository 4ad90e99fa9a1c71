"""Cameras as GeoJSON: each feature a camera, or a line that says why not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.cameras.entries import Entry, settle
from civicam.cameras.geojson import feature, read_geojson
from civicam.cameras.templates import templates
from civicam.contracts.cameras import HttpSource
from civicam.contracts.errors import Rejected
from tests.cameras.conftest import PULLED, PUSHING, camera, pulled

pytestmark = pytest.mark.unit
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=10,
)


def collection(*features: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def entries(*features: Any) -> list[Entry]:
    return [settle(told, None, templates()) for told in read_geojson(collection(*features))]


def changed(**changes: Any) -> dict[str, Any]:
    told = feature(camera())
    return told | {"properties": told["properties"] | changes}


def test_what_is_written_is_read_back() -> None:
    cameras = [camera(), pulled("http://camera.example/clip.mp4")]
    taken = entries(*map(feature, cameras))
    assert [entry.camera for entry in taken] == cameras
    assert [entry.told.number for entry in taken] == [1, 2]


def test_an_export_is_whole_so_that_it_restores_what_was_changed_since() -> None:
    before = camera()
    after = before.model_copy(update={"name": "other", "retention": "long", "model": "axis-vapix"})
    told = feature(before)
    del told["properties"]["version"]
    (row,) = read_geojson(collection(told))
    assert settle(row, after, templates()).camera == before


def test_a_password_in_an_address_is_not_written() -> None:
    told = feature(camera(source=HttpSource(kind="http_clip", url="http://u:hunter2@camera.example/")))
    assert "hunter2" not in json.dumps(told)


def test_a_feature_says_what_it_says_and_leaves_the_rest() -> None:
    stands = camera().model_copy(update={"retention": "long"})
    told = {"type": "Feature", "id": PUSHING, "geometry": None, "properties": {"name": "new", "retention": None}}
    (row,) = read_geojson(collection(told))
    expected = stands.model_copy(update={"name": "new", "retention": "standard"})
    assert settle(row, stands, templates()).camera == expected


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (changed(unit_id="District 1"), "unit_id"),
        (changed(colour="red"), "colour"),
        (changed(version="x"), "version"),
        (changed(source={"kind": "rtsp", "url": "rtsp://camera/"}), "source"),
        (changed(profile={"sampling_fps": 100}), "profile.sampling_fps"),
        (changed() | {"id": "front-door"}, "camera_id"),
        (changed() | {"id": None}, "camera_id"),
        (changed() | {"id": 7}, "camera_id"),
        (changed(owner_reference=["x"]), "owner_reference"),
        (changed(template="nothing-such"), "template"),
        (changed(address="example"), "address"),
        (changed() | {"geometry": {"type": "Polygon", "coordinates": []}}, "geometry"),
        (changed() | {"geometry": {"type": "Point", "coordinates": [106.7]}}, "latitude"),
        (changed() | {"geometry": None}, "position"),
        ({"type": "Feature"}, "row"),
        ("a camera", "row"),
    ],
)
def test_a_feature_that_is_no_camera_says_why_and_holds_up_no_other(told: Any, why: str) -> None:
    refused, taken = entries(told, feature(pulled("http://camera.example/")))
    assert refused.camera is None
    assert why in {complaint.column for complaint in refused.complaints} | {
        complaint.column.partition(".")[0] for complaint in refused.complaints
    }
    assert taken.camera is not None
    assert taken.camera.camera_id == PULLED


def test_an_id_that_stands_twice_is_taken_once() -> None:
    first, second = entries(feature(camera()), changed(name="again"))
    assert first.camera == camera()
    assert second.camera is None
    assert second.told.name == "again"


def test_a_name_cannot_speak_to_the_terminal() -> None:
    (entry,) = entries(changed(name="\x1b[31mred\ud800"))
    assert entry.told.name.isprintable()
    assert entry.told.name.encode()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"type": "Feature"}', '{"type": "FeatureCollection", "features": 1}']
)
def test_what_is_no_collection_is_refused_whole(text: str) -> None:
    with pytest.raises(Rejected) as refused:
        read_geojson(text)
    assert refused.value.reason == "not_geojson"


@given(st.lists(JSON, max_size=3))
def test_any_features_are_rows(features: list[Any]) -> None:
    for told in read_geojson(collection(*features)):
        entry = settle(told, None, templates())
        assert (entry.camera is None) == bool(entry.complaints)
