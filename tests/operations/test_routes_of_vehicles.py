"""The API's routes about a vehicle's way: a recorder tells it, its unit reads it."""

from datetime import timedelta

import pytest

from civicam.aws.registry import Registry
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import Profile
from civicam.operations.policy import Role
from tests.operations.conftest import Api, City

pytestmark = pytest.mark.unit


def test_what_a_recorder_tells_its_unit_reads_in_order(api: Api, city: City) -> None:
    path = f"/v1/cameras/{city.own.camera.camera_id}/route"
    at = now().replace(microsecond=0) - timedelta(minutes=5)
    told = [{"at": utc_text(at + timedelta(seconds=n)), "place": [106.7, 10.7 + n / 1000]} for n in (30, 0)]
    api.groups = (Role.RECORDER,)
    assert [api("POST", path, {"waypoints": told}).status for _ in range(2)] == [202, 202]
    assert api("GET", path).status == 403
    api.groups = (Role.OPERATOR,)
    assert api("GET", path).json["items"] == told[::-1]
    assert api("GET", path, from_=utc_text(at + timedelta(seconds=1))).json["items"] == told[:1]
    assert api("GET", path, to=utc_text(at - timedelta(seconds=1))).json["items"] == []


def test_what_cannot_be_true_is_refused(api: Api, city: City) -> None:
    path = f"/v1/cameras/{city.own.camera.camera_id}/route"
    api.groups = (Role.RECORDER,)
    for told in (
        [],
        [{"at": "2019-06-15T00:00:00Z", "place": [106.7, 10.7]}],
        [{"at": utc_text(now()), "place": [0, 91]}],
    ):
        assert api("POST", path, {"waypoints": told}).status == 422
    Registry.from_env().put(city.own.camera.model_copy(update={"profile": Profile()}))
    answer = api("POST", path, {"waypoints": [{"at": utc_text(now()), "place": [106.7, 10.7]}]})
    assert (answer.status, answer.problem) == (422, "not_on_a_vehicle")
