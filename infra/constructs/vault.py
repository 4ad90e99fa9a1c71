"""Where credentials lie: secrets under one name, encrypted with the city's key. Who writes them cannot read them."""

from aws_cdk import Aws
from aws_cdk import aws_kms as kms

from infra.constructs.city_stack import CityStack
from infra.constructs.worker import Worker, accept, allow, legible


class Vault:
    """The vault <name>: SOURCES_VAULT in the environment of who may touch it. Its secrets come and go with owners."""

    def __init__(self, stack: CityStack, name: str, *, key: kms.IKey) -> None:
        self._stack, self._key = stack, key
        self.variable, self.name = f"{name.upper()}_VAULT", stack.called(name)
        self._key_variable, self._key_name = f"{name.upper()}_KEY", f"alias/{stack.called('city')}"
        stack.publish(self.variable, self.name)
        stack.publish(self._key_variable, self._key_name)

    def grant_read(self, worker: Worker) -> None:
        """Let it learn what lies there."""
        self._on_secrets(worker, "secretsmanager:GetSecretValue")
        allow(worker, ["kms:Decrypt"], self._key.key_arn)

    def grant_write(self, worker: Worker) -> None:
        """Let it put something in, new or over the old; it learns nothing."""
        self._on_secrets(worker, "secretsmanager:CreateSecret", "secretsmanager:PutSecretValue")
        allow(worker, ["kms:GenerateDataKey", "kms:Decrypt"], self._key.key_arn)
        worker.tell(self._key_variable, self._key_name)

    def _on_secrets(self, worker: Worker, *actions: str) -> None:
        resource = f"arn:aws:secretsmanager:{self._stack.settings.region}:{Aws.ACCOUNT_ID}:secret:{self.name}/*"
        allow(worker, actions, resource)
        accept(worker.role, f"AwsSolutions-IAM5[Resource::{legible(resource)}]", "credentials come and go with owners")
        worker.tell(self.variable, self.name)
