"""The API's document: valid OpenAPI 3.1, true to the handler whatever is sent, and readable by people."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import OpenAPIV31SpecValidator

from civicam.operations.policy import Role
from civicam.operations.reference import reference_page
from functions.operations.api.app import app, routes
from functions.operations.api.handler import handler
from functions.operations.api.routes.meta import openapi
from tests.fakes.city_in_moto import Context
from tests.fakes.gateway import Gateway
from tests.operations.conftest import OWN, SUBJECT, Api, City, two_units

pytestmark = pytest.mark.unit
TOKEN = "a-token"
CHECKS = {"positive_data_acceptance": {"expected-statuses": ["2xx", "400", "401", "403", "404", "409", "422"]}}
"""400 and 422 besides: a cursor that nobody handed out and a clip from the future are well-formed, and refused."""


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    with two_units() as city:
        yield city


EVENT = json.loads((Path(__file__).parents[1] / "events/http_api_v2.json").read_text())
CLAIMS = {"sub": SUBJECT, "cognito:groups": f"[{' '.join(Role)}]", "units": OWN}
schema = schemathesis.openapi.from_wsgi(
    "/v1/openapi.json",
    Gateway(handler, Context(), EVENT, {TOKEN: CLAIMS}),
    config=schemathesis.Config.from_dict({"checks": CHECKS, "auth": {"openapi": {"token": {"bearer": TOKEN}}}}),
)


@schema.parametrize()
@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_handler_keeps_what_the_document_promises(case: schemathesis.Case[Any], city: City) -> None:
    case.call_and_validate()


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1/cameras", "GET"),
        ("/v1/cameras/{camera_id}", "GET"),
        ("/v1/cameras/{camera_id}/counts", "GET"),
        ("/v1/clips", "GET"),
        ("/v1/clips/{clip_id}", "GET"),
        ("/v1/clips/{clip_id}/complete", "POST"),
        ("/v1/facts", "GET"),
        ("/v1/alerts", "GET"),
        ("/v1/alerts/{alert_id}", "GET"),
        ("/v1/alerts/{alert_id}/acknowledge", "POST"),
    ],
)
def test_answers_about_real_things_are_as_the_document_says(city: City, path: str, method: str) -> None:
    place = city.own
    known = {"camera_id": place.camera.camera_id, "clip_id": place.footage.clip_id, "alert_id": place.alert.alert_id}
    asked = {name: value for name, value in known.items() if name in path}
    query = {"camera_id": place.camera.camera_id} if path in {"/v1/clips", "/v1/facts"} else {}
    case = schema[path][method].Case(path_parameters=asked, query=query)
    answer = case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code in {200, 202}


def test_the_document_is_valid_openapi_3_1() -> None:
    document = json.loads(openapi(app))
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_every_operation_is_named_described_and_tells_its_problems() -> None:
    for path, methods in json.loads(openapi(app))["paths"].items():
        for operation in methods.values():
            assert operation["description"].endswith("."), path
            assert operation["operationId"].isalpha(), path
            if operation.get("security") != []:
                assert {"401", "403", "422", "500"} <= operation["responses"].keys(), path


def test_a_token_is_asked_for_unless_a_route_says_otherwise() -> None:
    assert json.loads(openapi(app))["security"] == [{"token": []}]
    with_a_recorder_s_own = {
        f"/v1/recorders/{path}" for path in ("enrol", "token", "camera", "clips", "clips/{clip_id}/complete")
    }
    assert {route.path for route in routes() if route.public} == {
        "/v1/openapi.json",
        "/v1/docs",
        *with_a_recorder_s_own,
    }


def test_the_page_names_every_route_and_runs_nothing(api: Api, city: City) -> None:
    answer = api("GET", "/v1/docs")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for route in routes():
        assert f"{route.method} {route.path}" in answer.text
    assert tags(answer.text).isdisjoint({"script", "img", "iframe", "link"})


def test_what_the_document_says_cannot_become_markup() -> None:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "<script>", "version": "1"},
        "paths": {
            "/<b>": {
                "get": {
                    "operationId": '"><i>',
                    "description": "<img src=x>",
                    "responses": {"200": {"description": "<u>"}},
                }
            }
        },
    }
    assert tags(reference_page(document, '"><script>')).isdisjoint({"script", "b", "i", "img", "u"})


def tags(page: str) -> set[str]:
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            found.add(tag)

    Reader().feed(page)
    return found
