"""`civicam api`: the document without a city, a token from the laptop's user pool."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from civicam.operations.policy import Role
from civicam_cli.api import make_token
from civicam_cli.deployment import Deployment

pytestmark = pytest.mark.unit


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A city's user pool in moto (which calls no trigger: the units' claim is for the flow tests)."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        cognito = boto3.client("cognito-idp")
        pool = cognito.create_user_pool(
            PoolName="people", Schema=[{"Name": "units", "AttributeDataType": "String", "Mutable": True}]
        )["UserPool"]["Id"]
        client = cognito.create_user_pool_client(
            UserPoolId=pool, ClientName="c", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        for role in Role:
            cognito.create_group(GroupName=role, UserPoolId=pool)
        outputs = {"UserPoolId": pool, "UserPoolClientId": client}
        yield Deployment("laptop", "http://127.0.0.1:4610", "us-east-1", outputs)


def test_a_token_is_for_a_user_of_that_role_and_those_units(deployment: Deployment) -> None:
    for _ in range(2):
        token = make_token(deployment, Role.SUPERVISOR, ["ward-1", "ward-2"])
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["token_use"], claims["cognito:groups"]) == ("access", ["supervisor"])
    user = boto3.client("cognito-idp").admin_get_user(
        UserPoolId=deployment.outputs["UserPoolId"], Username="supervisor-ward-1-ward-2"
    )
    assert {"Name": "custom:units", "Value": "ward-1 ward-2"} in user["UserAttributes"]


def test_the_document_is_printed_without_a_city(checkout: Path) -> None:
    made = [sys.executable, "-c", "from civicam_cli.api import app; app(['openapi'])"]
    printed = subprocess.run(made, check=True, stdout=subprocess.PIPE, cwd="/").stdout
    assert json.loads(printed)["info"]["title"] == "civicam"
