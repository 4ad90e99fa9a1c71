"""What an AWS account must allow for the city to be deployed to it: each a line, none of them changes anything."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from civicam_cli.checks import Finding, Outcome, judged, ok
from civicam_cli.environments import Settings, environment_settings
from civicam_cli.places import ROOT

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_LEAST = 21
GPU_QUOTA, GPU_SPOT_QUOTA = "L-DB2E81BA", "L-3819A6DF"
"""Running G and VT instances, on demand and Spot, in vCPUs."""
GPU_INSTANCE_CPUS = 4
"""Of a g4dn.xlarge."""
UNRESERVED_LEAST = 100
"""Lambda keeps this much concurrency for functions without a reservation of their own."""


@dataclass(frozen=True)
class Account:
    """An account and Region as boto3 sees them, and what the environment wants of them."""

    session: Any
    settings: Settings

    def findings(self) -> list[Finding]:
        """Every check; the first one that fails for lack of credentials is the only one."""
        identity = self._identity()
        if identity.outcome is Outcome.FAIL:
            return [identity]
        return [identity, *(self._asked(check) for check in (_bootstrap, _concurrency, _gpu, _mail, _messages))]

    def client(self, service: str) -> Any:
        """A client in the Region of the environment."""
        return self.session.client(service, region_name=self.settings["region"])

    def _identity(self) -> Finding:
        try:
            identity = self.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            remedy = "sign in (`aws sso login`, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
            return Finding(Outcome.FAIL, f"no AWS account can be reached: {_first_line(error)}", remedy)
        return ok(
            f"account {identity['Account']} as {identity['Arn']}, environment {self.settings['environment']}"
            f" in {self.settings['region']}"
        )

    def _asked(self, check: "Callable[[Account], Finding]") -> Finding:
        try:
            return check(self)
        except (BotoCoreError, ClientError) as error:
            what = check.__name__.removeprefix("_")
            return Finding(
                Outcome.WARN, f"{what} could not be read: {_first_line(error)}", "allow it, or look in the console"
            )


def account_findings(environment: str, session: Any = None) -> list[Finding]:
    """The checks for one environment of infra/settings.py; raises Rejected for a name that is none."""
    return Account(session or boto3.Session(), environment_settings(environment)).findings()


def _bootstrap(account: Account) -> Finding:
    remedy = f"run `npx cdk bootstrap` for {account.settings['region']} (`civicam deploy --bootstrap` does)"
    ssm = account.client("ssm")
    try:
        found = int(ssm.get_parameter(Name=BOOTSTRAP_PARAMETER)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return Finding(Outcome.FAIL, "the Region is not bootstrapped for the CDK", remedy)
    return judged(found >= BOOTSTRAP_LEAST, f"CDK bootstrap version {found}", remedy)


def _concurrency(account: Account) -> Finding:
    limit = account.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    needed = reserved_concurrency(account.settings) + UNRESERVED_LEAST
    remedy = (
        f"ask for {max(1000, needed)} (Service Quotas, Lambda, L-B99A9384), or lower clips_at_once in infra/settings.py"
    )
    return judged(limit >= needed, f"Lambda concurrency {limit}; the stacks reserve up to {needed}", remedy)


def reserved_concurrency(settings: Settings) -> int:
    """At most what the functions of the checkout reserve together: as many as clips at once, and the API's."""
    functions = len([*ROOT.glob("functions/*/*/handler.py")]) - 1
    each = max(settings["clips_at_once"], settings["helpers_at_once"])
    return int(functions * each + settings["requests_at_once"])


def _gpu(account: Account) -> Finding:
    wanted = account.settings["gpu_workers"][1] * GPU_INSTANCE_CPUS if account.settings["gpu_capacity"] else 0
    code = GPU_SPOT_QUOTA if account.settings["gpu_spot"] else GPU_QUOTA
    quota = account.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode=code)["Quota"]["Value"]
    remedy = f"ask for {wanted} (Service Quotas, EC2, {code}); until then clips are analysed by the Lambda tier"
    return judged(quota >= wanted, f"GPU instances: {quota:.0f} vCPUs of {wanted} wanted", remedy, Outcome.WARN)


def _mail(account: Account) -> Finding:
    free = account.client("sesv2").get_account()["ProductionAccessEnabled"]
    remedy = "verify every receiver, or ask SES for production access; SNS e-mail subscriptions work either way"
    return judged(free, f"SES {'sends to everybody' if free else 'is in its sandbox'}", remedy, Outcome.WARN)


def _messages(account: Account) -> Finding:
    boxed = account.client("sns").get_sms_sandbox_account_status()["IsInSandbox"]
    remedy = "verify the operators' numbers, or ask SNS to leave the sandbox"
    return judged(not boxed, f"SMS {'is in its sandbox' if boxed else 'go to everybody'}", remedy, Outcome.WARN)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
