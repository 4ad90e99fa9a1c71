"""Cameras by the unit that their place lay in at some time, and who changed what of one."""

from datetime import UTC, datetime
from typing import Any

import pytest

from civicam.aws.registry import Registry
from civicam.contracts.cameras import HttpSource
from tests.operations.conftest import OWN, Api, City

pytestmark = pytest.mark.unit
UNITS = ("ward-ben-thanh", "ward-ben-nghe-district-1", "ward-chanh-hung", "ward-sai-gon")


@pytest.fixture
def ids(api: Api, city: City) -> dict[str, str]:
    """A camera of each of these units, which the caller sees; the camera's id by its unit."""
    api.units = UNITS
    made = {unit: f"01JD8K3V4N000000000000005{n}" for n, unit in enumerate(UNITS)}
    for unit, camera_id in made.items():
        Registry.from_env().put(city.own.camera.model_copy(update={"camera_id": camera_id, "unit_id": unit}))
    return made


def listed(api: Api, **query: Any) -> list[str]:
    answer = api("GET", "/v1/cameras", **query)
    items = answer.json["items"]
    while answer.json["next"]:
        answer = api("GET", answer.json["next"])
        items += answer.json["items"]
    return [camera["unit_id"] for camera in items]


@pytest.mark.parametrize("limit", [1, 50])
def test_cameras_of_district_1_in_june_2019(api: Api, ids: dict[str, str], limit: int) -> None:
    found = listed(api, unit="district-1", at="2019-06-15", limit=limit)
    assert found == ["ward-ben-nghe-district-1", "ward-ben-thanh", "ward-sai-gon"]


def test_cameras_of_sai_gon_ward_today_which_took_over_ben_nghe(api: Api, ids: dict[str, str]) -> None:
    assert listed(api, unit="ward-sai-gon") == ["ward-ben-nghe-district-1", "ward-sai-gon"]
    assert listed(api, unit="district-1") == []
    assert listed(api) == sorted(UNITS)


def test_no_unit_shows_a_camera_that_is_not_the_caller_s_to_see(api: Api, city: City, ids: dict[str, str]) -> None:
    api.units = ("ward-chanh-hung",)
    assert listed(api, unit="district-1", at="2019-06-15") == []
    assert listed(api, unit="ward-sai-gon") == []


def test_a_page_of_one_question_is_no_page_of_another(api: Api, ids: dict[str, str]) -> None:
    following = api("GET", "/v1/cameras", unit="district-1", at="2019-06-15", limit=1).json["next"]
    assert "unit=district-1" in following
    assert api("GET", following.replace("district-1", "district-3")).status == 400


def test_what_is_no_unit_or_no_time_is_refused(api: Api, city: City) -> None:
    assert api("GET", "/v1/cameras", unit="Quận 1").status == 422
    for at in ("yesterday", "2019-06-31", "2019-02-29", "2019-6-15", "0.5", "2019-06-15T00:00:00Z"):
        assert api("GET", "/v1/cameras", unit="district-1", at=at).status == 422


def test_every_day_is_one(api: Api, ids: dict[str, str]) -> None:
    for at in ("2025-06-30", "2024-02-29", "2000-02-29", "2020-12-31"):
        assert len(listed(api, unit="district-1", at=at)) == 3
    assert listed(api, unit="district-1", at="2025-07-01") == []


def test_a_history_tells_who_changed_what_and_no_address(api: Api, city: City) -> None:
    moved, camera_id = datetime(2026, 11, 30, tzinfo=UTC), city.own.camera.camera_id
    told = {"name": "Chợ", "source": HttpSource(kind="http_clip", url="https://example.org/clip?password=other")}
    Registry.from_env().put(city.own.camera.model_copy(update=told), by="anna", at=moved)
    answer = api("GET", f"/v1/cameras/{camera_id}/history")
    first, second = answer.json["items"]
    assert (first["version"], first["changed_by"], first["fields"]) == (1, "the-city", [])
    assert (second["changed_by"], second["changed_at"]) == ("anna", "2026-11-30T00:00:00.000Z")
    changes = [(one["field"], one["before"], one["after"]) for one in second["fields"]]
    assert changes == [("name", f"Camera of {OWN}", "Chợ"), ("source", None, None)]
    assert "password" not in answer.text


def test_who_works_for_the_whole_city_sees_every_unit_without_naming_them(api: Api, city: City) -> None:
    for number, unit_id in enumerate(("ward-sai-gon", "ward-ben-thanh", "district-1")):
        placed = {"camera_id": f"01JZ000000000000000000009{number}", "unit_id": unit_id}
        Registry.from_env().put(city.own.camera.model_copy(update=placed))
    api.units = ("city",)
    seen = {camera["unit_id"] for camera in api("GET", "/v1/cameras").json["items"]}
    assert {"ward-sai-gon", "ward-ben-thanh", "district-1"} <= seen
    api.units = ("ward-sai-gon",)
    assert {camera["unit_id"] for camera in api("GET", "/v1/cameras").json["items"]} == {"ward-sai-gon"}
