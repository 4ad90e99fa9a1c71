"""What runs the city's code: it has a role, and is told in its environment the names of what the role may touch."""

from collections.abc import Iterable
from typing import Protocol

from aws_cdk import Acknowledgment, Aws, Validations
from aws_cdk import aws_iam as iam
from constructs import IConstruct


class Worker(Protocol):
    """A function, or a container's task."""

    @property
    def role(self) -> iam.Role:
        """The role that its code runs as."""

    def tell(self, variable: str, value: str) -> None:
        """Set an environment variable."""


def allow(worker: Worker, actions: Iterable[str], *resources: str) -> None:
    """Exactly these actions on exactly these ARNs."""
    iam.Grant.add_to_principal(grantee=worker.role, actions=sorted(actions), resource_arns=list(resources))


def accept(scope: IConstruct, finding: str, reason: str) -> None:
    """Acknowledge one finding of cdk-nag, with the reason why it stands."""
    Validations.of(scope).acknowledge(Acknowledgment(id=finding, reason=reason))


def legible(resource: str) -> str:
    """A resource as cdk-nag writes it: its findings show the account's placeholder by name."""
    return resource.replace(Aws.ACCOUNT_ID, "<AWS::AccountId>")
