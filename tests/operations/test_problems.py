"""Whatever goes wrong is a problem (RFC 9457) that tells nothing of the inside."""

from collections.abc import Iterator

import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from civicam.contracts.errors import Unavailable
from functions.operations.api.errors import tell_problems
from tests.fakes.city_in_moto import Context
from tests.operations.conftest import OWN, Api, City, two_units

pytestmark = pytest.mark.unit
TAKE = f"/v1/alerts/{'0' * 64}/acknowledge"


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    with two_units() as city:
        yield city


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/cameras", "/v1/cameras/", "/v1/cameras/x/y", "/v1/../v1/cameras"])
def test_an_unknown_route_is_not_found(api: Api, path: str) -> None:
    answer = api("GET", path)
    assert (answer.status, answer.problem) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"), [("DELETE", "/v1/cameras", "GET, POST"), ("PUT", "/v1/clips", "GET, POST")]
)
def test_a_known_route_under_another_method_says_what_it_knows(api: Api, method: str, path: str, allow: str) -> None:
    answer = api(method, path)
    assert (answer.status, answer.problem, answer.headers["Allow"]) == (405, "method_not_allowed", allow)


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("{", 422, "malformed_json"),
        ("{'note': 1}", 422, "malformed_json"),
        ("[" * 30_000, 422, "malformed_json"),
        ('{"note": ' + "9" * 5000 + "}", 422, "malformed_json"),
        ('{"note": "' + "x" * 64_000 + '"}', 413, "too_large"),
        ('{"note": "\\ud800"}', 422, "invalid_request"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_early(api: Api, city: City, body: str, status: int, reason: str) -> None:
    answer = api("POST", TAKE, body)
    assert (answer.status, answer.problem) == (status, reason)


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_only_json_is_read(api: Api, city: City, media_type: str) -> None:
    answer = api.send("POST", TAKE, "", "note=x", **{"content-type": media_type})
    assert (answer.status, answer.problem) == (415, "not_json")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_is_read_however_it_is_written(api: Api, city: City, media_type: str) -> None:
    assert api.send("POST", TAKE, "", "{}", **{"content-type": media_type}).status == 404


def test_where_there_is_no_body_its_type_does_not_matter(api: Api, city: City) -> None:
    assert api.send("POST", TAKE, "", "", **{"content-type": "text/plain"}).status == 404


def test_binary_bodies_are_read_as_the_gateway_sends_them(api: Api, city: City) -> None:
    api.event |= {"isBase64Encoded": True}
    assert api.send("POST", TAKE, "", "eyJub3RlIjoieCJ9").status == 404
    assert api.send("POST", TAKE, "", "/w==").problem == "malformed_json"


def test_a_fault_of_the_city_tells_nothing_of_it(api: Api, city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMERAS_TABLE", "no-such-table")
    answer = api("GET", "/v1/cameras")
    assert (answer.status, answer.problem) == (500, "internal")
    assert "table" not in answer.text.lower()


def test_what_is_away_for_a_moment_says_when_to_ask_again() -> None:
    app = APIGatewayHttpResolver()
    tell_problems(app)

    @app.get("/bus")
    def bus() -> None:
        raise Unavailable("the bus refused 1 of 1 events")

    http = {"method": "GET", "path": "/bus"}
    answer = app.resolve({"rawPath": "/bus", "requestContext": {"http": http, "stage": "$default"}}, Context())
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "5")
    assert "bus" not in answer["body"]


def test_an_answer_that_breaks_the_document_is_the_city_s_fault() -> None:
    app = APIGatewayHttpResolver(enable_validation=True)
    tell_problems(app)

    @app.get("/count")
    def count() -> int:
        return "many"  # type: ignore[return-value] # what is tested

    http = {"method": "GET", "path": "/count"}
    answer = app.resolve({"rawPath": "/count", "requestContext": {"http": http, "stage": "$default"}}, Context())
    assert answer["statusCode"] == 500
    assert "many" not in answer["body"]


def test_what_was_sent_does_not_come_back(api: Api, city: City) -> None:
    answer = api("GET", "/v1/facts?camera_id=%3Cscript%3Ealert(1)%3C/script%3E")
    assert answer.status == 422
    assert "script" not in answer.text
    assert OWN not in answer.text
