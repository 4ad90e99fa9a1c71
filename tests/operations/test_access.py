"""Every route, asked by every role, about its own unit's or owner's things, others', and by somebody of none."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from civicam.aws.claims import Claims
from civicam.aws.registry import Registry
from civicam.contracts.base import utc_text
from civicam.contracts.cameras import Camera
from civicam.contracts.sources import CitizenSource
from civicam.operations.policy import POLICY, Action, Role
from functions.operations.api import app
from tests.fakes.facts import crossing, vehicles
from tests.operations.conftest import OTHER, OWN, Api, City, Place, footage_of, store_facts, two_units

pytestmark = pytest.mark.unit
PEOPLE = {Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR}
READERS = PEOPLE | {Role.OWNER}
ALLOWED: dict[str, set[Role]] = {
    "GET /v1/cameras": READERS,
    "POST /v1/cameras": {Role.OWNER},
    "GET /v1/cameras/{camera_id}": READERS,
    "GET /v1/cameras/{camera_id}/history": READERS,
    "GET /v1/cameras/{camera_id}/route": READERS,
    "POST /v1/cameras/{camera_id}/route": {Role.RECORDER},
    "GET /v1/clips": READERS,
    "GET /v1/clips/{clip_id}": READERS,
    "POST /v1/clips": {Role.RECORDER},
    "POST /v1/clips/{clip_id}/complete": {Role.RECORDER},
    "GET /v1/facts": READERS,
    "GET /v1/cameras/{camera_id}/counts": READERS,
    "POST /v1/cameras/{camera_id}/counts": {Role.OPERATOR, Role.SUPERVISOR},
    "POST /v1/cameras/{camera_id}/credentials": {Role.SUPERVISOR, Role.OWNER},
    "POST /v1/uploads": {Role.CITIZEN, Role.OPERATOR, Role.SUPERVISOR},
    "GET /v1/uploads/{clip_id}": {Role.CITIZEN, Role.OPERATOR, Role.SUPERVISOR},
    "GET /v1/cameras/{camera_id}/health": READERS,
    "GET /v1/cameras/{camera_id}/coverage": READERS,
    "GET /v1/cameras/{camera_id}/analysis": READERS,
    "PUT /v1/cameras/{camera_id}/analysis/request": {Role.OPERATOR, Role.SUPERVISOR},
    "DELETE /v1/cameras/{camera_id}/analysis/request": {Role.OPERATOR, Role.SUPERVISOR},
    "GET /v1/alerts": READERS,
    "GET /v1/alerts/{alert_id}": READERS,
    "POST /v1/alerts/{alert_id}/acknowledge": {Role.OPERATOR, Role.SUPERVISOR},
}
"""What the city promises, written down a second time: a change of policy must be meant."""
LISTS = {"GET /v1/cameras"}
"""Of all that the caller may know: nothing is asked for by name."""
BATCHES = {"POST /v1/cameras"}
"""Of things that are each taken or refused by themselves."""
PUBLIC = {"GET /v1/openapi.json", "GET /v1/docs"}
RECORDERS = {
    "POST /v1/recorders/enrol",
    "POST /v1/recorders/token",
    "GET /v1/recorders/camera",
    "POST /v1/recorders/clips",
    "POST /v1/recorders/clips/{clip_id}/complete",
}
"""Asked with a recorder's own code, secret or token (tests/operations/test_recorders.py)."""


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    """One city for all these tests: nothing that they may do here changes what the next one sees."""
    with two_units() as city:
        for place, n in product((city.own, city.other), range(1, 6)):
            at = place.footage.capture_start + timedelta(seconds=10 * n)
            store_facts(vehicles(crossing(4), camera_id=place.camera.camera_id, capture_start=at))
        for place in (city.own, city.other):
            handed = footage_of(citizens(place), place.footage.capture_start)
            Registry.from_env().put(citizens(place))
            Claims.from_env().claim(handed, handed.capture_end)
        yield city


def citizens(place: Place) -> Camera:
    """What stands for the citizens of a unit."""
    camera_id = f"{place.camera.camera_id[:-2]}C{place.camera.camera_id[-1]}"
    return place.camera.model_copy(update={"camera_id": camera_id, "source": CitizenSource()})


def asked(api: Api, route: str, place: Place) -> Any:
    """One request about a place's things; whoever answers for an owner asks for alerts without a unit."""
    method, path = route.split()
    if route in {"POST /v1/uploads", "GET /v1/uploads/{clip_id}"}:
        place = replace(place, footage=footage_of(citizens(place), place.footage.capture_start))
    known = {"camera_id": place.camera.camera_id, "clip_id": place.footage.clip_id, "alert_id": place.alert.alert_id}
    query: dict[str, str] = {}
    if route in {"GET /v1/clips", "GET /v1/facts"}:
        query = {"camera_id": place.camera.camera_id}
    if route == "POST /v1/cameras":
        query = {"dry_run": "true"}
    if route == "GET /v1/alerts" and api.groups != (Role.OWNER,):
        query = {"unit": place.unit_id}
    bodies: dict[str, Callable[[Place], dict[str, Any]]] = {
        "POST /v1/cameras": batch,
        "POST /v1/clips": declaration,
        "POST /v1/uploads": declaration,
        "POST /v1/cameras/{camera_id}/counts": sheet,
        "POST /v1/cameras/{camera_id}/route": route_report,
        "PUT /v1/cameras/{camera_id}/analysis/request": lambda _: {"hours": 1},
        "POST /v1/cameras/{camera_id}/credentials": lambda _: {"scheme": "bearer", "secret": "a-token"},
    }
    body = bodies[route](place) if route in bodies else None
    return api(method, re.sub(r"{(\w+)}", lambda name: known[name[1]], path), body, **query)


def batch(place: Place) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "Feature", "id": place.camera.camera_id, "geometry": None}
    told["properties"] = {"name": "renamed", "unit_id": "ward-sai-gon"}
    return {"type": "FeatureCollection", "features": [told]}


def hidden(route: str, role: Role | None, answer: Any) -> None:
    """That an answer about somebody else's things is the one about things that do not exist."""
    if role not in ALLOWED[route]:
        assert answer.status == 403
    elif route in BATCHES:
        (row,) = answer.json["rows"]
        assert (row["outcome"], row["complaints"][0]["column"], row["version"]) == ("refused", "camera_id", None)
        assert "Camera of" not in answer.text
    elif route in LISTS or (route == "GET /v1/alerts" and role is Role.OWNER):
        assert OTHER not in answer.text
        assert {thing["unit_id"] for thing in answer.json["items"]} <= {OWN}
    else:
        assert (answer.status, answer.problem) == (404, "not_found")


def sheet(place: Place) -> dict[str, Any]:
    start = utc_text(place.footage.capture_start)
    return {"start": start, "minutes": 1, "tallies": [{"line_id": "north", "direction": "forward", "count": 24}]}


def route_report(place: Place) -> dict[str, Any]:
    return {"waypoints": [{"at": utc_text(place.footage.capture_start), "place": [106.7, 10.8]}]}


def declaration(place: Place) -> dict[str, Any]:
    fields = ("camera_id", "capture_start", "capture_end", "clock_quality", "sha256", "size_bytes", "media_type")
    document = place.footage.model_dump(mode="json")
    return {name: document[name] for name in fields}


def every_case() -> Iterator[tuple[str, Role | None]]:
    for route in ALLOWED:
        for role in (*Role, None):
            yield route, role


def test_no_route_is_missing_here() -> None:
    assert {f"{route.method} {route.path}" for route in app.routes()} == ALLOWED.keys() | PUBLIC | RECORDERS
    assert {f"{route.method} {route.path}" for route in app.routes() if route.public} == PUBLIC | RECORDERS


def test_every_action_has_a_row_in_the_policy() -> None:
    assert POLICY.keys() == set(Action)


@pytest.mark.parametrize(("route", "role"), list(every_case()))
class TestRoles:
    @pytest.fixture(autouse=True)
    def asks(self, api: Api, city: City, role: Role | None) -> None:
        """Somebody of the first unit; in the owner's role, who answers for the first owner."""
        api.groups = (role,) if role else ()
        api.owners = (city.own.owner_id,) if role is Role.OWNER else ()

    def test_on_one_s_own_things_the_policy_decides(self, api: Api, city: City, route: str, role: Role | None) -> None:
        answer = asked(api, route, city.own)
        if role in ALLOWED[route]:
            assert answer.status in {200, 201, 202}
            assert "refused" not in answer.text
        else:
            assert (answer.status, answer.problem) == (403, "forbidden")

    def test_another_s_things_do_not_exist(self, api: Api, city: City, route: str, role: Role | None) -> None:
        hidden(route, role, asked(api, route, city.other))

    def test_an_owner_reaches_no_unit_and_a_unit_no_owner(
        self, api: Api, city: City, route: str, role: Role | None
    ) -> None:
        if role is Role.OWNER:
            api.units = (OWN, OTHER)
        else:
            api.owners = (city.own.owner_id, city.other.owner_id)
        hidden(route, role, asked(api, route, city.other))

    def test_somebody_of_no_unit_and_no_owner_sees_nothing(
        self, api: Api, city: City, route: str, role: Role | None
    ) -> None:
        api.units = api.owners = ()
        answer = asked(api, route, city.own)
        hidden(route, role, answer)
        assert city.own.camera.name not in answer.text


@pytest.mark.parametrize("route", ALLOWED)
@pytest.mark.parametrize("claims", [{}, {"cognito:groups": "[operator]", "units": OWN}, {"sub": ""}])
def test_where_no_token_was_verified_nobody_gets_in(api: Api, city: City, route: str, claims: dict[str, Any]) -> None:
    """The gateway refuses such a request itself; should a route ever stand there without its authorizer, this does."""
    api.claims = claims
    answer = asked(api, route, city.own)
    assert (answer.status, answer.problem) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("route", sorted(PUBLIC))
def test_the_api_describes_itself_to_everybody(api: Api, route: str) -> None:
    api.claims = {}
    assert api(*route.split()).status == 200


def test_what_another_unit_has_and_what_nobody_has_look_the_same(api: Api, city: City) -> None:
    hidden = api("GET", f"/v1/cameras/{city.other.camera.camera_id}")
    missing = api("GET", "/v1/cameras/01JD8K3V4N0000000000000009")
    assert hidden.text.replace(city.other.camera.camera_id, "X") == missing.text.replace(
        "01JD8K3V4N0000000000000009", "X"
    )


@pytest.mark.parametrize(
    ("claim", "may"),
    [
        ("[operator]", True),
        ("[citizens operator]", True),
        ("operator", True),
        (["citizens", "operator"], True),
        ("[operators]", False),
        ("Operator", False),
        ("[]", False),
        (None, False),
        ({"operator": True}, False),
    ],
)
def test_groups_are_read_as_the_gateway_writes_them(api: Api, city: City, claim: Any, may: bool) -> None:
    api.claims = {"sub": "anna", "cognito:groups": claim, "units": OWN}
    assert (api("GET", "/v1/cameras").status == 200) is may


@pytest.mark.parametrize("claim", [f"{OWN} {OTHER}", f"{OWN},{OTHER}", f"[{OWN} {OTHER}]", [OWN, OTHER]])
def test_somebody_of_two_units_sees_both(api: Api, city: City, claim: Any) -> None:
    api.claims = {"sub": "anna", "cognito:groups": "[supervisor]", "units": claim}
    assert [camera["unit_id"] for camera in api("GET", "/v1/cameras").json["items"]] == [OWN] * 2 + [OTHER] * 2
    assert len(api("GET", "/v1/alerts").json["items"]) == 2


def test_two_roles_of_one_person_do_not_add_up(api: Api, city: City) -> None:
    """Who reads in one ward and answers for an owner in another files counts in the first alone."""
    api.groups, api.owners = (Role.OPERATOR, Role.OWNER), (city.other.owner_id,)
    assert {camera["unit_id"] for camera in api("GET", "/v1/cameras").json["items"]} == {OWN, OTHER}
    assert api("GET", f"/v1/cameras/{city.other.camera.camera_id}").status == 200
    assert len(api("GET", "/v1/alerts").json["items"]) == 2
    assert asked(api, "POST /v1/cameras/{camera_id}/counts", city.other).status == 404
    assert api("POST", f"/v1/alerts/{city.other.alert.alert_id}/acknowledge").status == 404
    assert asked(api, "POST /v1/cameras", city.own).json["rows"][0]["outcome"] == "refused"


def test_a_unit_s_name_inside_another_s_is_not_that_unit(api: Api, city: City) -> None:
    api.units = ("ward-11", "ward")
    assert api("GET", "/v1/cameras").json["items"] == []
