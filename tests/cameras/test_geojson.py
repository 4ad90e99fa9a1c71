"""Cameras as GeoJSON: each feature a camera, or a line that says why not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.cameras.geojson import feature, read_cameras
from civicam.contracts.errors import Rejected
from tests.cameras.conftest import PULLED, camera, pulled

pytestmark = pytest.mark.unit
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=10,
)


def collection(*features: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def changed(**changes: Any) -> dict[str, Any]:
    told = feature(camera())
    return told | {"properties": told["properties"] | changes}


def test_what_is_written_is_read_back() -> None:
    cameras = (camera(), pulled("http://camera.example/clip.mp4"))
    rows = read_cameras(collection(*map(feature, cameras)))
    assert tuple(row.camera for row in rows) == cameras
    assert [row.number for row in rows] == [1, 2]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (changed(unit_id="District 1"), "unit_id"),
        (changed(colour="red"), "colour"),
        (changed(version=7), "version"),
        (changed(changed={"at": "2026-11-30T10:00:00Z", "by": "anna"}), "changed"),
        (changed(source={"kind": "rtsp", "url": "rtsp://camera/"}), "source"),
        (changed(profile={"sampling_fps": 100}), "profile.sampling_fps"),
        (changed() | {"id": "front-door"}, "camera_id"),
        (changed() | {"id": None}, "camera_id"),
        (changed() | {"geometry": {"type": "Polygon", "coordinates": []}}, "no Point"),
        (changed() | {"geometry": {"type": "Point", "coordinates": [106.7]}}, "position"),
        (changed() | {"geometry": None}, "no Feature"),
        ({"type": "Feature"}, "no Feature"),
        ("a camera", "no Feature"),
    ],
)
def test_a_feature_that_is_no_camera_says_why_and_holds_up_no_other(told: Any, why: str) -> None:
    refused, taken = read_cameras(collection(told, feature(pulled("http://camera.example/"))))
    assert refused.camera is None
    assert why in refused.refusal
    assert taken.camera is not None
    assert taken.camera.camera_id == PULLED


def test_an_id_that_stands_twice_is_taken_once() -> None:
    first, second = read_cameras(collection(feature(camera()), changed(name="again")))
    assert first.camera == camera()
    assert second.camera is None
    assert second.name == "again"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"type": "Feature"}', '{"type": "FeatureCollection", "features": 1}']
)
def test_what_is_no_collection_is_refused_whole(text: str) -> None:
    with pytest.raises(Rejected) as refused:
        read_cameras(text)
    assert refused.value.reason == "not_geojson"


@given(st.lists(JSON, max_size=3))
def test_any_features_are_rows(features: list[Any]) -> None:
    assert len(read_cameras(collection(*features))) == len(features)
