"""Setting credentials through the API: they go in, and nothing of them comes out."""

import json
from typing import Any

import boto3
import pytest

from civicam.operations.policy import Role
from tests.operations.conftest import CAMERAS, OWN, Api, City

pytestmark = pytest.mark.unit
ROUTE = f"/v1/cameras/{CAMERAS[OWN]}/credentials"
SHEET = {"scheme": "digest", "username": "viewer", "secret": "Geheim-7f3a9c"}


@pytest.fixture
def supervisor(api: Api) -> Api:
    api.groups = (Role.SUPERVISOR,)
    return api


def test_they_are_set_for_the_camera_s_own_origin_and_not_told_again(supervisor: Api, city: City) -> None:
    for _ in range(2):
        answer = supervisor("POST", ROUTE, SHEET | {"origins": ["http://10.20.0.1:8080"]})
    origins = ["https://example.org:443", "http://10.20.0.1:8080"]
    assert answer.json == {"reference": "gate", "scheme": "digest", "origins": origins}
    lies_at = f"civicam-test-sources/{city.own.owner_id}/gate"
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=lies_at)
    assert json.loads(secret["SecretString"])["secret"] == "Geheim-7f3a9c"
    seen = supervisor("GET", f"/v1/cameras/{CAMERAS[OWN]}").text
    assert "gate" not in seen
    assert "Geheim" not in answer.text + seen


@pytest.mark.parametrize(
    "changes",
    [
        {"scheme": "ntlm"},
        {"username": ""},
        {"username": "a\nb"},
        {"origins": ["ftp://x"]},
        {"secret": ""},
        {"secret": ["Geheim-7f3a9c"]},
        {"more": 1},
    ],
)
def test_what_could_not_be_shown_is_refused_without_a_word_of_it(supervisor: Api, changes: dict[str, Any]) -> None:
    answer = supervisor("POST", ROUTE, SHEET | changes)
    assert answer.status == 422
    assert "Geheim" not in answer.text


def test_the_document_says_that_a_secret_is_written_only(api: Api) -> None:
    schemas = api("GET", "/v1/openapi.json").json["components"]["schemas"]
    assert schemas["CredentialsSheet"]["properties"]["secret"]["writeOnly"] is True
    assert set(schemas["CredentialsAnswer"]["properties"]) == {"reference", "scheme", "origins"}
