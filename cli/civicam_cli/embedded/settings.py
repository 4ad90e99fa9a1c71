"""The properties that the emulator's CloudFormation drops, and how the services' own APIs take and give them.

What is dropped was found by reading every property of the laptop's templates back from the deployed resources
(ministack 1.5.33).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from civicam_cli.embedded.lifecycles import lifecycle_rules


@dataclass(frozen=True)
class Setting:
    """One property of one type: how the service's API takes it, and how it gives it back in the same shape."""

    resource_type: str
    name: str
    service: str
    wanted: Callable[[Any], Any]
    """From the template's value to the API's."""
    put: Callable[[Any, str, Any], Any]
    """client, physical name, wanted."""
    get: Callable[[Any, str], Any]
    """client, physical name -> what stands."""


def _encryption(value: Any) -> Any:
    return {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
                "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
            }
            for rule in value["ServerSideEncryptionConfiguration"]
        ]
    }


def _tags(value: Any) -> Any:
    return sorted(value, key=lambda tag: tag["Key"])


def _access_logs(value: Any) -> Any:
    return {"TargetBucket": value["DestinationBucketName"], "TargetPrefix": value.get("LogFilePrefix", "")}


def _machine_logs(value: Any) -> Any:
    groups = [one["CloudWatchLogsLogGroup"]["LogGroupArn"] for one in value["Destinations"]]
    return {
        "level": value["Level"],
        "includeExecutionData": value.get("IncludeExecutionData", False),
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}} for group in groups],
    }


def _stage_of(api: Any, stage_name: str) -> str:
    """A stage's physical name does not tell its API: the first that has such a stage; the laptop has one."""
    return next(
        str(one["ApiId"])
        for one in api.get_apis()["Items"]
        if any(stage["StageName"] == stage_name for stage in api.get_stages(ApiId=one["ApiId"])["Items"])
    )


def _put_throttling(api: Any, stage: str, wanted: Any) -> None:
    api.update_stage(ApiId=_stage_of(api, stage), StageName=stage, DefaultRouteSettings=wanted)


def _get_throttling(api: Any, stage: str) -> Any:
    return api.get_stage(ApiId=_stage_of(api, stage), StageName=stage).get("DefaultRouteSettings")


def _ttl(db: Any, table: str) -> Any:
    said = db.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    enabled = said["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}
    return {"AttributeName": said["AttributeName"], "Enabled": enabled} if "AttributeName" in said else None


def _put_ttl(db: Any, table: str, wanted: Any) -> None:
    db.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)


def _is_restorable(db: Any, table: str) -> bool:
    said = db.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    return bool(said["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED")


SETTINGS = (
    Setting(
        "AWS::S3::Bucket",
        "BucketEncryption",
        "s3",
        _encryption,
        lambda s3, bucket, wanted: s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=wanted),
        lambda s3, bucket: s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"],
    ),
    Setting(
        "AWS::S3::Bucket",
        "LifecycleConfiguration",
        "s3",
        lifecycle_rules,
        lambda s3, bucket, wanted: s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": wanted}
        ),
        lambda s3, bucket: s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"],
    ),
    Setting(
        "AWS::S3::Bucket",
        "LoggingConfiguration",
        "s3",
        _access_logs,
        lambda s3, bucket, wanted: s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": wanted}),
        lambda s3, bucket: s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled"),
    ),
    Setting(
        "AWS::S3::Bucket",
        "Tags",
        "s3",
        _tags,
        lambda s3, bucket, wanted: s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": wanted}),
        lambda s3, bucket: _tags(s3.get_bucket_tagging(Bucket=bucket)["TagSet"]),
    ),
    Setting(
        "AWS::DynamoDB::Table",
        "TimeToLiveSpecification",
        "dynamodb",
        lambda value: {"AttributeName": value["AttributeName"], "Enabled": value["Enabled"]},
        lambda db, table, wanted: None if _ttl(db, table) == wanted else _put_ttl(db, table, wanted),
        _ttl,
    ),
    Setting(
        "AWS::DynamoDB::Table",
        "PointInTimeRecoverySpecification",
        "dynamodb",
        lambda value: bool(value["PointInTimeRecoveryEnabled"]),
        lambda db, table, wanted: db.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": wanted}
        ),
        _is_restorable,
    ),
    Setting(
        "AWS::Lambda::Function",
        "ReservedConcurrentExecutions",
        "lambda",
        int,
        lambda functions, name, wanted: functions.put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=wanted
        ),
        lambda functions, name: functions.get_function_concurrency(FunctionName=name).get(
            "ReservedConcurrentExecutions"
        ),
    ),
    Setting(
        "AWS::StepFunctions::StateMachine",
        "LoggingConfiguration",
        "stepfunctions",
        _machine_logs,
        lambda steps, arn, wanted: steps.update_state_machine(stateMachineArn=arn, loggingConfiguration=wanted),
        lambda steps, arn: steps.describe_state_machine(stateMachineArn=arn)["loggingConfiguration"] or None,
    ),
    Setting(
        "AWS::SNS::Topic",
        "KmsMasterKeyId",
        "sns",
        str,
        lambda sns, arn, wanted: sns.set_topic_attributes(
            TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue=wanted
        ),
        lambda sns, arn: sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("KmsMasterKeyId"),
    ),
    Setting("AWS::ApiGatewayV2::Stage", "DefaultRouteSettings", "apigatewayv2", dict, _put_throttling, _get_throttling),
)
"""What is dropped, type by type."""
