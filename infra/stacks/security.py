"""Security: the key of what is personal or secret, who is woken, and where access to buckets is logged."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.constructs.city_bucket import ACCESS_LOGS, bucket_name
from infra.constructs.city_stack import CityStack
from infra.constructs.worker import accept
from infra.settings import Settings


class Security(CityStack):
    """Keys, alarms and the access logs of the city."""

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        super().__init__(scope, settings=settings)
        self.key = self._key()
        self.alarms = sns.Topic(self, "Alarms", master_key=self.key, enforce_ssl=True, display_name="civicam alarms")
        if settings.alarm_email:
            self.alarms.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))
        self._access_logs()

    def _key(self) -> kms.Key:
        """One key for buckets, topics and the webhook's secret. Queues and tables hold no picture: AWS's keys do."""
        key = kms.Key(
            self,
            "Key",
            alias=f"alias/{self.called('city')}",
            description="civicam: footage, frames, registry, lake, topics, the webhook's secret",
            enable_key_rotation=True,
            removal_policy=self.removal_policy,
        )
        here = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        for publisher in (
            iam.ServicePrincipal("cloudwatch.amazonaws.com", conditions=here),
            # SNS's guide to its keys: for EventBridge no condition on the source is supported.
            iam.ServicePrincipal("events.amazonaws.com"),
        ):
            key.grant(publisher, "kms:Decrypt", "kms:GenerateDataKey")
        return key

    def _access_logs(self) -> None:
        """Named, not passed on: S3 lets the other stacks' buckets log here by a policy on their common name."""
        bucket = s3.Bucket(
            self,
            "AccessLogs",
            bucket_name=bucket_name(self, ACCESS_LOGS),
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(90))],
            removal_policy=self.removal_policy,
        )
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[bucket.arn_for_objects("*")],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{self.called('*')}"},
                },
            )
        )
        accept(bucket, "AwsSolutions-S1", "this is where the access logs go; logging its own would never end")
