"""What commands know of the city that they speak to."""

import os
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from civicam.contracts.errors import Unavailable
from civicam_cli.deployment import Deployment, account_deployment, embedded_deployment, load_deployment, merged
from civicam_cli.embedded.addresses import reachable

pytestmark = pytest.mark.unit
TEMPLATE = """
Resources: {Topic: {Type: "AWS::SNS::Topic"}}
Outputs: {FootageBucket: {Value: kept}, ExportsOutputRefTopic: {Value: noise}}
"""


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {"ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x", "DEFAULT_REGION": "ap-southeast-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)


def test_outputs_become_the_variables_that_the_adapters_read() -> None:
    outputs = {"FootageBucket": "f", "ClipQueueUrl": "q", "AnalyseClipArn": "a", "GlueDatabase": "g"}
    variables = Deployment("staging", None, "eu-west-1", outputs).env()
    assert variables == {
        "FOOTAGE_BUCKET": "f",
        "CLIP_QUEUE_URL": "q",
        "ANALYSE_CLIP_ARN": "a",
        "GLUE_DATABASE": "g",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


def test_this_machines_city_brings_its_address_and_credentials() -> None:
    variables = Deployment("laptop", "http://127.0.0.1:4610", "us-east-1").env()
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4610"
    assert variables["AWS_ACCESS_KEY_ID"]


def test_exports_between_stacks_are_no_outputs() -> None:
    assert merged({"a": {"FootageBucket": "f", "ExportsOutputRefX": "x"}, "b": {"BusName": "b"}}) == {
        "FootageBucket": "f",
        "BusName": "b",
    }


def test_addresses_are_those_of_this_machine() -> None:
    outputs = {
        "ApiUrl": "https://ab12.execute-api.us-east-1.amazonaws.com",
        "ClipQueueUrl": "http://127.0.0.1:4610/000000000000/clip",
        "BusName": "bus",
    }
    assert reachable(outputs, "http://127.0.0.1:4999") == {
        "ApiUrl": "http://127.0.0.1:4999/_aws/execute-api/ab12/$default",
        "ClipQueueUrl": "http://127.0.0.1:4999/000000000000/clip",
        "BusName": "bus",
    }


def test_a_city_that_does_not_run_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="civicam up"):
        embedded_deployment(tmp_path)


@pytest.mark.usefixtures("account")
def test_an_accounts_city_is_known_by_the_names_of_its_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICAM_ENVIRONMENT", "staging")
    with mock_aws():
        for name in ("civicam-staging-cameras", "civicam-production-cameras", "other"):
            boto3.client("cloudformation").create_stack(StackName=name, TemplateBody=TEMPLATE)
        found = load_deployment()
    assert found == Deployment("staging", None, "ap-southeast-1", {"FootageBucket": "kept"})


@pytest.mark.usefixtures("account")
def test_an_account_without_the_city_is_named_with_the_remedy() -> None:
    with mock_aws(), pytest.raises(Unavailable, match="civicam deploy"):
        account_deployment("production")
