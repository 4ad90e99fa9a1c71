"""Reading: cameras without their secrets, facts by type and time, pages that neither skip nor repeat."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from civicam.aws.registry import Registry
from civicam.contracts.base import utc_text
from civicam.contracts.incidents import IncidentSuspected
from civicam.contracts.vision import CrowdMeasured, VehiclesCounted
from tests.fakes.facts import crossing, crowd, incident, vehicles
from tests.operations.conftest import OWN, Api, City, store_facts, two_units

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    """A city whose first camera was judged five clips long, the third of them twice."""
    with two_units() as city:
        start, camera_id = city.own.footage.capture_start, city.own.camera.camera_id
        for n in range(1, 5):
            when: dict[str, Any] = {"camera_id": camera_id, "capture_start": start + timedelta(seconds=10 * n)}
            store_facts(vehicles(crossing(n), **when, revision=n // 3), crowd(**when))
        store_facts(vehicles(crossing(9), camera_id=camera_id, capture_start=start, run="replay-1"))
        for n in range(7):
            camera = city.own.camera
            Registry.from_env().put(camera.model_copy(update={"camera_id": f"01JD8K3V4N000000000000001{n}"}))
        yield city


def read_all(api: Api, path: str, **query: Any) -> list[dict[str, Any]]:
    """The items of every page; each page but the last is full."""
    answer = api("GET", path, **query)
    items = answer.json["items"]
    while answer.json["next"]:
        assert len(answer.json["items"]) == query["limit"]
        answer = api("GET", answer.json["next"])
        assert answer.status == 200
        items += answer.json["items"]
    return list(items)


def test_a_camera_s_source_stays_inside(api: Api, city: City) -> None:
    answer = api("GET", f"/v1/cameras/{city.own.camera.camera_id}")
    assert "secret" not in answer.text
    assert answer.json["source_kind"] == "http_clip"
    assert answer.json["position"] == [106.7, 10.8]


@pytest.mark.parametrize("limit", [1, 3, 8, 200])
def test_every_camera_of_the_unit_is_listed_once(api: Api, city: City, limit: int) -> None:
    found = [camera["camera_id"] for camera in read_all(api, "/v1/cameras", limit=limit)]
    assert len(found) == len(set(found)) == 8
    assert found == sorted(found)


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_facts_come_newest_first_and_each_once(api: Api, city: City, limit: int) -> None:
    found = read_all(api, "/v1/facts", camera_id=city.own.camera.camera_id, limit=limit)
    assert len(found) == len({fact["id"] for fact in found}) == 10
    starts = [fact["data"]["capture_start"] for fact in found]
    assert starts == sorted(starts, reverse=True)


def test_facts_are_the_very_cloudevents_of_the_bus(api: Api, city: City) -> None:
    newest = api("GET", "/v1/facts", camera_id=city.own.camera.camera_id, type_=VehiclesCounted.TYPE, limit=1)
    (event,) = newest.json["items"]
    assert (event["specversion"], event["source"]) == ("1.0", "civicam/vision")
    assert event["data"]["crossings"] == [{"line_id": "north", "direction": "forward", "label": "car", "count": 4}]
    assert event["data"]["revision"] == 1
    assert event["data"]["capture_start"].endswith("Z")


def test_only_facts_of_the_type_that_was_asked_for(api: Api, city: City) -> None:
    found = read_all(api, "/v1/facts", camera_id=city.own.camera.camera_id, type_=CrowdMeasured.TYPE, limit=2)
    assert {fact["type"] for fact in found} == {CrowdMeasured.TYPE}
    assert len(found) == 5


def test_several_facts_of_one_kind_in_one_clip_are_each_told_once(api: Api, city: City) -> None:
    camera_id = "01JD8K3V4N0000000000000010"
    found = [incident(name=name, camera_id=camera_id) for name in "abc"]
    store_facts(vehicles(camera_id=camera_id), *found)
    told = read_all(api, "/v1/facts", camera_id=camera_id, type_=IncidentSuspected.TYPE, limit=2)
    assert sorted(event["id"] for event in told) == sorted(fact.fact_id for fact in found)
    assert told[0]["data"]["evidence"][0]["index"] == 7


def test_a_span_includes_its_start_and_not_its_end(api: Api, city: City) -> None:
    start = city.own.footage.capture_start
    bounds = {"from_": utc_text(start + timedelta(seconds=10)), "to_": utc_text(start + timedelta(seconds=30))}
    found = read_all(api, "/v1/facts", camera_id=city.own.camera.camera_id, limit=1, **bounds)
    told = {fact["data"]["capture_start"] for fact in found}
    assert told == {utc_text(start + timedelta(seconds=seconds)) for seconds in (10, 20)}


def test_a_time_may_be_told_in_saigon(api: Api, city: City) -> None:
    bound = (city.own.footage.capture_start + timedelta(seconds=10)).astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
    answer = api("GET", "/v1/facts", camera_id=city.own.camera.camera_id, to=bound.isoformat())
    assert (answer.status, len(answer.json["items"])) == (200, 2)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "/query/camera_id"),
        ("camera_id=x", "/query/camera_id"),
        (f"camera_id={'0' * 26}&limit=0", "/query/limit"),
        (f"camera_id={'0' * 26}&limit=201", "/query/limit"),
        (f"camera_id={'0' * 26}&limit=many", "/query/limit"),
        (f"camera_id={'0' * 26}&type=vision.vehicles.counted.v9", "/query/type"),
        (f"camera_id={'0' * 26}&from=yesterday", "/query/from"),
        (f"camera_id={'0' * 26}&to=2026-11-24T10:45:00", "/query/to"),
        (f"camera_id={'0' * 26}&to=9999-12-31T23:59:59-01:00", "/query/to"),
    ],
)
def test_what_is_asked_wrongly_is_named(api: Api, city: City, query: str, pointer: str) -> None:
    answer = api("GET", f"/v1/facts?{query}")
    assert (answer.status, answer.problem) == (422, "invalid_request")
    assert [part["pointer"] for part in answer.json["errors"]] == [pointer]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00", "e30", "....", "x" * 1000])
@pytest.mark.parametrize(
    "path", ["/v1/cameras?", f"/v1/facts?camera_id={'01JD8K3V4N0000000000000001'}&", "/v1/alerts?"]
)
def test_a_malformed_cursor_is_named(api: Api, city: City, path: str, cursor: str) -> None:
    answer = api("GET", f"{path}cursor={cursor}")
    assert (answer.status, answer.problem) == (400, "malformed_cursor")
    assert answer.json["detail"].startswith("cursor:")


def test_a_cursor_serves_its_own_query_only(api: Api, city: City) -> None:
    facts = api("GET", "/v1/facts", camera_id=city.own.camera.camera_id, limit=1).json["next"]
    assert api("GET", f"{facts}&type={VehiclesCounted.TYPE}").problem == "malformed_cursor"
    cursor = facts.partition("cursor=")[2]
    assert api("GET", f"/v1/cameras?cursor={cursor}").problem == "malformed_cursor"


def test_another_unit_cannot_page_on_with_somebody_s_cursor(api: Api, city: City) -> None:
    following = api("GET", "/v1/cameras", limit=1).json["next"]
    api.units = ("ward-2",)
    answer = api("GET", following)
    assert answer.status == 400 or OWN not in answer.text
