"""Alerts through the API: listed, read, taken once, by a person whose token says who they are."""

from collections.abc import Callable

import pytest

from civicam.operations.policy import Role
from tests.operations.conftest import OWN, SUBJECT, Api, City

pytestmark = pytest.mark.unit


@pytest.fixture
def take(api: Api, city: City) -> Callable[..., object]:
    return lambda body=None: api("POST", f"/v1/alerts/{city.own.alert.alert_id}/acknowledge", body)


def test_the_alert_bears_who_took_it_and_when(api: Api, city: City) -> None:
    answer = api("POST", f"/v1/alerts/{city.own.alert.alert_id}/acknowledge", {"note": "đang đến"})
    assert answer.status == 200
    assert (answer.json["state"], answer.json["acknowledged_by"]) == ("acknowledged", SUBJECT)
    assert answer.json["note"] == "đang đến"
    assert api("GET", f"/v1/alerts/{city.own.alert.alert_id}").json == answer.json


@pytest.mark.parametrize("body", [None, {}, {"note": None}, "", "null"])
def test_a_note_is_not_needed(api: Api, city: City, body: object) -> None:
    answer = api("POST", f"/v1/alerts/{city.own.alert.alert_id}/acknowledge", body)
    assert (answer.status, answer.json["note"]) == (200, None)


def test_saying_it_again_changes_nothing_and_somebody_else_is_too_late(api: Api, city: City) -> None:
    path = f"/v1/alerts/{city.own.alert.alert_id}/acknowledge"
    first, again = api("POST", path, {"note": "first"}), api("POST", path, {"note": "again"})
    assert first.json == again.json
    api.subject, api.groups = "somebody else", (Role.SUPERVISOR,)
    late = api("POST", path)
    assert (late.status, late.problem) == (409, "conflict")
    assert SUBJECT not in late.text


@pytest.mark.parametrize("body", [{"by": "me"}, {"note": ""}, {"note": "x" * 2001}, {"note": 7}, [], "7", '"x"'])
def test_a_body_that_says_something_else_is_refused(api: Api, city: City, body: object) -> None:
    answer = api("POST", f"/v1/alerts/{city.own.alert.alert_id}/acknowledge", body)
    assert (answer.status, answer.problem) == (422, "invalid_request")
    assert api("GET", f"/v1/alerts/{city.own.alert.alert_id}").json["state"] == "new"


def test_alerts_are_listed_by_state(api: Api, city: City) -> None:
    assert len(api("GET", "/v1/alerts", state="new", unit=OWN).json["items"]) == 1
    api("POST", f"/v1/alerts/{city.own.alert.alert_id}/acknowledge")
    assert api("GET", "/v1/alerts", state="new").json["items"] == []
    assert len(api("GET", "/v1/alerts", state="acknowledged").json["items"]) == 1
    assert api("GET", "/v1/alerts", state="lost").problem == "invalid_request"


@pytest.mark.parametrize("unit", ["", "ward-1,ward-2", "WARD-1", "x" * 64])
def test_an_odd_unit_is_no_unit(api: Api, city: City, unit: str) -> None:
    assert api("GET", "/v1/alerts", unit=unit).status in {404, 422}
