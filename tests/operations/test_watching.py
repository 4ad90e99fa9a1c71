"""The API's routes about whether a camera sees, and whether it is analysed."""

from datetime import datetime, timedelta

import pytest

from civicam.aws.allocations import Allocations, Standing
from civicam.aws.health import HealthTable, Known
from civicam.cameras.allocation import Allocation, Candidate, allocate
from civicam.cameras.health import Health
from civicam.cameras.health_facts import changed
from civicam.contracts.allocation import Budget
from civicam.contracts.base import now, utc_text
from civicam.contracts.facts import CloudEvent
from civicam.operations.policy import Role
from tests.operations.conftest import Api, City

pytestmark = pytest.mark.unit


@pytest.fixture
def at() -> datetime:
    return now().replace(microsecond=0)


def becomes(camera_id: str, health: Health, before: Health) -> None:
    told = CloudEvent.of(changed(camera_id, before, health))
    assert HealthTable.from_env().put(Known(camera_id, health, told), before if before.number else None)


def test_a_camera_s_health_is_told_with_its_changes_and_its_uptime(api: Api, city: City, at: datetime) -> None:
    camera_id = city.own.camera.camera_id
    unknown = Health(since=at - timedelta(hours=30))
    well = Health(state="healthy", since=at - timedelta(hours=20), number=1)
    dead = Health(state="dead", reasons=("silent",), since=at - timedelta(hours=5), number=2)
    becomes(camera_id, well, unknown)
    becomes(camera_id, dead, well)
    told = api("GET", f"/v1/cameras/{camera_id}/health", to=utc_text(at)).json
    assert (told["state"], told["reasons"], told["since"]) == ("dead", ["silent"], utc_text(dead.since))
    assert [one["state"] for one in told["changes"]] == ["healthy", "dead"]
    assert told["uptime"] == pytest.approx(15 / 20)
    earlier = api("GET", f"/v1/cameras/{camera_id}/health", to=utc_text(at - timedelta(hours=6))).json
    assert (earlier["state"], len(earlier["changes"]), earlier["uptime"]) == ("dead", 1, 1.0)


def test_a_camera_that_nobody_watched_yet_is_unknown(api: Api, city: City) -> None:
    told = api("GET", f"/v1/cameras/{city.own.camera.camera_id}/health").json
    assert (told["state"], told["uptime"], told["changes"]) == ("unknown", None, [])


def test_the_gap_of_coverage_adds_up(api: Api, city: City, at: datetime) -> None:
    path = f"/v1/cameras/{city.own.camera.camera_id}/coverage"
    told = api("GET", path, from_=utc_text(at - timedelta(hours=1)), to=utc_text(at + timedelta(hours=1))).json[
        "analytics"
    ]
    assert told
    for one in told.values():
        assert one["analysed_min"] + sum(one["gap_min"].values()) == pytest.approx(one["promised_min"])


@pytest.mark.parametrize("hours", [0, -1, 24 * 40])
def test_a_period_that_is_none_or_too_long_is_refused(api: Api, city: City, at: datetime, hours: int) -> None:
    begin = utc_text(at - timedelta(hours=hours))
    for what in ("coverage", "health"):
        answer = api("GET", f"/v1/cameras/{city.own.camera.camera_id}/{what}", from_=begin, to=utc_text(at))
        assert (answer.status, answer.problem) == (422, "malformed_period")


def test_a_camera_that_is_passed_over_can_be_asked_for(api: Api, city: City, at: datetime) -> None:
    camera_id, table = city.own.camera.camera_id, Allocations.from_env()
    path = f"/v1/cameras/{camera_id}/analysis"
    assert (api("GET", path).json["analysed"], api("GET", path).json["why"]) == (True, None)
    nothing = Allocation(since=at)
    table.put(allocate([Candidate(camera_id=camera_id)], Budget(cameras=0), nothing, at), Standing(nothing))
    told = api("GET", path).json
    assert (told["analysed"], told["why"], told["since"]) == (False, "capacity", utc_text(at))
    asked = api("PUT", f"{path}/request", {"hours": 2})
    assert asked.status == 202
    assert asked.json["requested_until"] > utc_text(at + timedelta(hours=1, minutes=59))
    assert table.requests(at)[camera_id].by not in ("", "command-line")
    assert api("DELETE", f"{path}/request").json["requested_until"] is None
    assert api("DELETE", f"{path}/request").status == 200
    assert api("PUT", f"{path}/request", {"hours": 10_000}).status == 422
    api.groups = (Role.AUDITOR,)
    assert api("PUT", f"{path}/request", {"hours": 2}).status == 403
