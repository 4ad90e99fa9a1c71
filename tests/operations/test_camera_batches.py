"""Cameras through the API: taken in by an owner, a feature at a time; and what of a camera's past is whose."""

from datetime import timedelta
from typing import Any

import pytest

from civicam.aws.claims import Claims
from civicam.aws.registry import Registry
from civicam.contracts.base import now, utc_text
from civicam.operations.policy import Role
from functions.operations.api.errors import LONGEST_BODIES
from functions.operations.api.routes.cameras import MOST_FEATURES
from tests.fakes.facts import crossing, vehicles
from tests.operations.conftest import OWN, Api, City, footage_of, store_facts

pytestmark = pytest.mark.unit
PATH = "/v1/cameras"


@pytest.fixture
def owner(api: Api, city: City) -> Api:
    """Whoever answers for the first owner."""
    api.groups, api.units, api.owners = (Role.OWNER,), (), (city.own.owner_id,)
    return api


def batch(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def gate(owner_id: str, **properties: Any) -> dict[str, Any]:
    told = {"owner_id": owner_id, "owner_reference": "gate", "name": "Cổng", "unit_id": "ward-sai-gon"} | properties
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [106.7, 10.77]}, "properties": told}


def test_a_camera_is_taken_once_and_says_who_did_it(owner: Api, city: City) -> None:
    first, again = (owner("POST", PATH, batch(gate(city.own.owner_id))) for _ in range(2))
    assert (first.status, first.json["counts"], again.json["counts"]) == (200, {"added": 1}, {"unchanged": 1})
    camera = Registry.from_env().camera(first.json["rows"][0]["camera_id"])
    assert camera.changed is not None
    assert (camera.changed.by, camera.owner_id) == (owner.subject, city.own.owner_id)
    assert owner("GET", f"{PATH}/{camera.camera_id}").json["name"] == "Cổng"


def test_each_feature_is_taken_or_refused_by_itself(owner: Api, city: City) -> None:
    wrong = gate(city.own.owner_id, owner_reference="two", unit_id="Ward 1", profile={"sampling_fps": 99})
    answer = owner("POST", PATH, batch(gate(city.own.owner_id), wrong, {}, gate(city.other.owner_id)))
    assert (answer.status, answer.json["counts"]) == (200, {"added": 1, "refused": 3})
    told = [[one["column"] for one in row["complaints"]] for row in answer.json["rows"]]
    assert told == [[], ["unit_id", "profile.sampling_fps"], ["row"], ["owner_id"]]


def test_a_dry_run_changes_nothing(owner: Api, city: City) -> None:
    answer = owner("POST", PATH, batch(gate(city.own.owner_id)), dry_run="true")
    assert (answer.json["dry_run"], answer.json["rows"][0]["outcome"]) == (True, "added")
    assert owner("GET", PATH).json["items"][0]["camera_id"] == city.own.camera.camera_id
    assert len(owner("GET", PATH).json["items"]) == 1


@pytest.mark.parametrize(
    "body", [{}, {"type": "FeatureCollection"}, {"type": "Feature", "features": []}, [], {"features": {}}]
)
def test_what_is_no_collection_is_a_problem(owner: Api, city: City, body: Any) -> None:
    answer = owner("POST", PATH, body)
    assert (answer.status, answer.problem) == (422, "invalid_request")


def test_a_batch_has_its_limits(owner: Api, city: City) -> None:
    assert owner("POST", PATH, batch(*[{}] * (MOST_FEATURES + 1))).problem == "invalid_request"
    assert owner("POST", PATH, batch({"x": "x" * LONGEST_BODIES[f"POST {PATH}"]})).problem == "too_large"
    many = {f"field-{n}": n for n in range(500)}
    assert len(owner("POST", PATH, batch(gate(city.own.owner_id, **many))).json["rows"][0]["complaints"]) == 20


def test_owners_page_through_their_own_in_whichever_ward(owner: Api, city: City) -> None:
    owner("POST", PATH, batch(*(gate(city.own.owner_id, owner_reference=str(n)) for n in range(4))))
    found: list[str] = []
    following = f"{PATH}?limit=2"
    while following:
        answer = owner("GET", following).json
        found, following = found + [one["camera_id"] for one in answer["items"]], answer["next"]
    assert len(set(found)) == len(found) == 5
    assert found == sorted(found)


def test_who_reads_in_a_ward_and_answers_for_an_owner_sees_each_camera_once(owner: Api, city: City) -> None:
    owner("POST", PATH, batch(*(gate(city.own.owner_id, owner_reference=str(n)) for n in range(4))))
    owner.groups, owner.units = (Role.OWNER, Role.OPERATOR), (OWN,)
    for limit in (1, 2, 3, 50):
        found: list[str] = []
        following = f"{PATH}?limit={limit}"
        while following:
            answer = owner("GET", following).json
            found, following = found + [one["camera_id"] for one in answer["items"]], answer["next"]
        assert len(set(found)) == len(found) == 5


def test_what_a_camera_saw_for_another_owner_stays_theirs(owner: Api, city: City) -> None:
    """The camera of the second owner is sold to the first: from then on its footage is the first one's."""
    camera, sold = city.other.camera, now()
    Registry.from_env().put(camera.model_copy(update={"owner_id": city.own.owner_id}), by="anna", at=sold)
    later = footage_of(camera, sold + timedelta(minutes=1), "b" * 64)
    Claims.from_env().claim(later, now())
    store_facts(vehicles(crossing(4), camera_id=camera.camera_id, capture_start=later.capture_start))

    assert owner("GET", f"{PATH}/{camera.camera_id}").status == 200
    query = {"camera_id": camera.camera_id}
    assert [one["clip_id"] for one in owner("GET", "/v1/clips", **query).json["items"]] == [later.clip_id]
    starts = {one["data"]["capture_start"] for one in owner("GET", "/v1/facts", **query).json["items"]}
    assert starts == {utc_text(later.capture_start)}
    assert owner("GET", f"/v1/clips/{later.clip_id}").status == 200
    assert owner("GET", f"/v1/clips/{city.other.footage.clip_id}").status == 404
    assert owner("GET", f"/v1/alerts/{city.other.alert.alert_id}").status == 404
    owner.owners = (city.other.owner_id,)
    assert owner("GET", f"{PATH}/{camera.camera_id}").status == 404
    assert owner("GET", f"/v1/clips/{city.other.footage.clip_id}").status == 404
