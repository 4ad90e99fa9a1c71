"""What `civicam doctor` finds, and what it advises."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from civicam.contracts.errors import Rejected
from civicam_cli.account_checks import Account, reserved_concurrency
from civicam_cli.checks import Finding, Outcome, show
from civicam_cli.environments import environment_settings
from civicam_cli.machine_checks import machine_findings

pytestmark = pytest.mark.unit
SETTINGS = {
    "environment": "staging",
    "region": "ap-southeast-1",
    "clips_at_once": 10,
    "helpers_at_once": 10,
    "requests_at_once": 10,
    "gpu_workers": [0, 2],
    "gpu_capacity": True,
    "gpu_spot": True,
}


class NotThere(ClientError):
    """As SSM says it."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ParameterNotFound", "Message": "no"}}, "GetParameter")


class FakeService:
    """Answers each call from a table; an exception in it is raised."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers
        self.exceptions = type("exceptions", (), {"ParameterNotFound": NotThere})

    def __getattr__(self, call: str) -> Any:
        def answer(**_: Any) -> Any:
            found = self._answers[call]
            if isinstance(found, Exception):
                raise found
            return found

        return answer


class FakeSession:
    """An account as it would be: everything is allowed unless told otherwise."""

    def __init__(self, **changed: Any) -> None:
        self._answers: dict[str, Any] = {
            "get_caller_identity": {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/a"},
            "get_parameter": {"Parameter": {"Value": "30"}},
            "get_account_settings": {"AccountLimit": {"ConcurrentExecutions": 1000}},
            "get_service_quota": {"Quota": {"Value": 64.0}},
            "get_account": {"ProductionAccessEnabled": True},
            "get_sms_sandbox_account_status": {"IsInSandbox": False},
        } | changed

    def client(self, _service: str, **_: Any) -> FakeService:
        return FakeService(self._answers)


def outcomes(**changed: Any) -> list[Outcome]:
    return [finding.outcome for finding in Account(FakeSession(**changed), SETTINGS).findings()]


def test_an_account_that_allows_everything_is_fine() -> None:
    assert outcomes() == [Outcome.OK] * 6


def test_without_credentials_nothing_else_is_asked() -> None:
    findings = Account(FakeSession(get_caller_identity=NoCredentialsError()), SETTINGS).findings()
    assert [finding.outcome for finding in findings] == [Outcome.FAIL]
    assert "sign in" in findings[0].remedy


@pytest.mark.parametrize(
    ("call", "answer", "outcome"),
    [
        ("get_parameter", NotThere(), Outcome.FAIL),
        ("get_parameter", {"Parameter": {"Value": "5"}}, Outcome.FAIL),
        ("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 10}}, Outcome.FAIL),
        ("get_service_quota", {"Quota": {"Value": 0.0}}, Outcome.WARN),
        ("get_account", {"ProductionAccessEnabled": False}, Outcome.WARN),
        ("get_sms_sandbox_account_status", {"IsInSandbox": True}, Outcome.WARN),
        ("get_service_quota", ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "X"), Outcome.WARN),
    ],
)
def test_each_limit_is_seen_with_its_remedy(call: str, answer: Any, outcome: Outcome) -> None:
    bad = [one for one in Account(FakeSession(**{call: answer}), SETTINGS).findings() if one.outcome is not Outcome.OK]
    assert [one.outcome for one in bad] == [outcome]
    assert bad[0].remedy


def test_concurrency_is_counted_from_the_functions_of_the_checkout() -> None:
    assert reserved_concurrency(SETTINGS) > reserved_concurrency({**SETTINGS, "clips_at_once": 2, "helpers_at_once": 2})


def test_an_environments_settings_are_those_of_infra() -> None:
    assert environment_settings("laptop")["region"] == "us-east-1"
    with pytest.raises(Rejected, match="laptop, staging, production"):
        environment_settings("nowhere")


def test_this_machine_has_what_the_city_needs() -> None:
    failed = [finding.what for finding in machine_findings() if finding.outcome is Outcome.FAIL]
    assert not failed


def test_only_a_fail_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert show([Finding(Outcome.OK, "a"), Finding(Outcome.WARN, "b", "do [this]")])
    assert not show([Finding(Outcome.FAIL, "c", "do that")])
    assert "do [this]" in capsys.readouterr().out
