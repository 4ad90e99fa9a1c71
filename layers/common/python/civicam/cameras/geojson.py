"""Cameras as GeoJSON (RFC 7946): a point a camera, its id as the feature's, everything else among the properties."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from civicam.cameras.rows import LONGEST_FILE, MOST_ROWS, Complaint, Told, composed, told_row, without_doubles
from civicam.cameras.secrecy import without_secrets
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Rejected

POINT = "give a point's longitude and latitude"
NO_FEATURE = Complaint("row", "it is no Feature with properties", "write it as RFC 7946 wants it")


def read_geojson(text: str) -> tuple[Told, ...]:
    """Every feature of a FeatureCollection, in order, from 1; one that is none is a row that says why.

    Raises Rejected (`not_geojson`) where the text is no FeatureCollection at all.
    """
    if len(text) > LONGEST_FILE:
        raise Rejected("not_geojson", f"the file is longer than {LONGEST_FILE} characters: import it in parts")
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise Rejected("not_geojson", f"the file is no JSON: {error}") from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise Rejected("not_geojson", "the file is no GeoJSON FeatureCollection")
    features = document.get("features")
    if not isinstance(features, list) or len(features) > MOST_ROWS:
        raise Rejected("not_geojson", f"the FeatureCollection has no list of at most {MOST_ROWS} features")
    return read_features(features)


def read_features(features: Sequence[Any]) -> tuple[Told, ...]:
    """A row a feature, numbered from 1."""
    return tuple(without_doubles(_told(number, composed(feature)) for number, feature in enumerate(features, 1)))


def feature(camera: Camera) -> dict[str, Any]:
    """The camera, whole, as a feature that `read_geojson` takes back; no credential."""
    document = without_secrets(camera.model_dump(mode="json"))
    place = {"type": "Point", "coordinates": document.pop("position")}
    return {"type": "Feature", "id": document.pop("camera_id"), "geometry": place, "properties": document}


def _told(number: int, told: Any) -> Told:
    name = f"feature {number}"
    properties = told.get("properties") if isinstance(told, dict) else None
    if not isinstance(properties, dict):
        return Told(number, name, complaints=(NO_FEATURE,))
    patch = {**properties}
    complaints = tuple(_placed(told.get("geometry"), patch))
    if told.get("id") is not None:
        patch["camera_id"] = told["id"]
    return told_row(number, name, patch, complaints)


def _placed(geometry: Any, patch: dict[str, Any]) -> Iterator[Complaint]:
    """The point as the patch's position; none leaves the camera where it stands."""
    if geometry is None:
        return
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        yield Complaint("geometry", "it is no Point", POINT)
    elif isinstance(coordinates := geometry.get("coordinates"), list):
        patch["position"] = coordinates[:2]
    else:
        yield Complaint("geometry", "it has no coordinates", POINT)
