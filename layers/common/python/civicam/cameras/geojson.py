"""Cameras as GeoJSON (RFC 7946): a point a camera, its id as the feature's, everything else among the properties."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from civicam.contracts.base import complaints
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Rejected
from civicam.contracts.versions import STAMPS


@dataclass(frozen=True)
class Row:
    """One feature of a file, by its number from 1: a camera, or why it is none."""

    number: int
    name: str
    camera: Camera | None
    refusal: str = ""


def read_cameras(text: str) -> tuple[Row, ...]:
    """Every feature of a FeatureCollection, in order; one that is no camera, or repeats an id, is a row that says why.

    Raises Rejected (`not_geojson`) where the text is no FeatureCollection at all.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise Rejected("not_geojson", f"the file is no JSON: {error}") from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise Rejected("not_geojson", "the file is no GeoJSON FeatureCollection")
    features = document.get("features")
    if not isinstance(features, list):
        raise Rejected("not_geojson", "the FeatureCollection has no features")
    return tuple(_rows(features))


def feature(camera: Camera) -> dict[str, Any]:
    """The camera as a feature that `read_cameras` takes back."""
    properties = camera.model_dump(mode="json", exclude={"camera_id", *STAMPS, "position"}, exclude_defaults=True)
    return {
        "type": "Feature",
        "id": camera.camera_id,
        "geometry": {"type": "Point", "coordinates": list(camera.position)},
        "properties": properties,
    }


def _rows(features: list[Any]) -> Iterator[Row]:
    seen: set[str] = set()
    for number, told in enumerate(features, 1):
        row = _row(number, told)
        if row.camera and row.camera.camera_id in seen:
            row = Row(number, row.name, None, "the same id stands further up in the file")
        if row.camera:
            seen.add(row.camera.camera_id)
        yield row


def _row(number: int, told: Any) -> Row:
    name = f"feature {number}"
    try:
        properties, geometry = dict(told["properties"]), told["geometry"]
        name = str(properties.get("name", name))
        if geometry["type"] != "Point":
            return Row(number, name, None, "its geometry is no Point")
        position = tuple(geometry["coordinates"][:2])
        if stamps := sorted(properties.keys() & {*STAMPS}):
            return Row(number, name, None, f"the registry writes {' and '.join(stamps)} itself: leave it out")
        return Row(
            number, name, Camera.model_validate(properties | {"camera_id": told.get("id"), "position": position})
        )
    except ValidationError as error:
        return Row(number, name, None, complaints(error))
    except (KeyError, TypeError, ValueError) as error:
        return Row(number, name, None, f"it is no Feature with properties and a geometry ({error})")
