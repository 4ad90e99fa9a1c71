"""A bucket: encrypted with the city's key, closed to the public, TLS only, logged; what should end has an end."""

from collections.abc import Mapping

from aws_cdk import Aws, Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.city_stack import CityStack, camel, resource_of
from infra.constructs.worker import Worker, accept, allow, legible

ACCESS_LOGS = "access-logs"


class CityBucket(Construct):
    """The bucket <name>: FOOTAGE_BUCKET in the environment of who may touch it, FootageBucket among the outputs.

    Its physical name is computed, so that a city deployed again finds what the last one left, and other stacks can name
    it without an export. `expire` holds days by prefix.
    """

    def __init__(
        self,
        stack: CityStack,
        name: str,
        *,
        key: kms.IKey,
        expire: Mapping[str, int] | None = None,
        events: bool = False,
    ) -> None:
        super().__init__(stack, f"{camel(name)}Bucket")
        self.variable, self.name = f"{name.upper()}_BUCKET", bucket_name(stack, name)
        self._key, settings = key, stack.settings
        bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=self.name,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=settings.versioned,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            server_access_logs_bucket=s3.Bucket.from_bucket_name(self, "AccessLogs", bucket_name(stack, ACCESS_LOGS)),
            server_access_logs_prefix=f"{name}/",
            lifecycle_rules=[*map(_end, (expire or {}).items()), *([_forget] if settings.versioned else []), _abort],
            removal_policy=stack.removal_policy,
        )
        accept(
            bucket,
            "Annotation::@aws-cdk/aws-s3:accessLogsPolicyNotAdded",
            "stack Security lets every bucket of the city log there, by a policy on their common name",
        )
        if events:
            _tell_eventbridge(bucket)
        stack.publish(self.variable, bucket.bucket_name)

    def grant_read(self, worker: Worker, keys: str = "*", *, missing_is_an_answer: bool = False) -> None:
        """Let it read objects. Without the right to list, S3 answers 403 where nothing lies, not 404."""
        self._on_objects(worker, keys, "s3:GetObject")
        allow(worker, ["kms:Decrypt"], self._key.key_arn)
        if missing_is_an_answer:
            self.grant_list(worker)

    def grant_write(self, worker: Worker, keys: str = "*") -> None:
        """Let it put objects (in parts, too: S3 then decrypts what it assembles)."""
        self._on_objects(worker, keys, "s3:PutObject")
        allow(worker, ["kms:GenerateDataKey", "kms:Decrypt"], self._key.key_arn)

    def grant_delete(self, worker: Worker, keys: str = "*") -> None:
        """Let it delete objects."""
        self._on_objects(worker, keys, "s3:DeleteObject")

    def grant_list(self, worker: Worker) -> None:
        """Let it list keys."""
        allow(worker, ["s3:ListBucket"], f"arn:aws:s3:::{self.name}")
        self.name_to(worker)

    def name_to(self, worker: Worker) -> None:
        """Tell it the name alone."""
        worker.tell(self.variable, self.name)

    def _on_objects(self, worker: Worker, keys: str, action: str) -> None:
        resource = f"arn:aws:s3:::{self.name}/{keys}"
        allow(worker, [action], resource)
        accept(worker.role, f"AwsSolutions-IAM5[Resource::{legible(resource)}]", f"objects come and go under {keys}")
        self.name_to(worker)


def bucket_name(stack: CityStack, name: str) -> str:
    """civicam-production-footage-<account>-<region>."""
    return stack.called(f"{name}-{Aws.ACCOUNT_ID}-{stack.settings.region}")


def _end(prefix_and_days: tuple[str, int]) -> s3.LifecycleRule:
    prefix, days = prefix_and_days
    return s3.LifecycleRule(prefix=prefix, expiration=Duration.days(days))


_forget = s3.LifecycleRule(noncurrent_version_expiration=Duration.days(7), expired_object_delete_marker=True)
_abort = s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1))


def _tell_eventbridge(bucket: s3.Bucket) -> None:
    """As a property of the bucket: CDK's own switch would bring a custom resource with a function of its own."""
    resource = resource_of(bucket, s3.CfnBucket)
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
