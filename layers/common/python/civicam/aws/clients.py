"""boto3 clients: one per service and process, with bounded retries and timeouts.

Nothing here knows an emulator: botocore itself reads AWS_ENDPOINT_URL where it is set. StartSyncExecution puts `sync-`
before its host, which an address or an interface endpoint cannot bear, so the prefix goes where an endpoint is set.
S3 is asked for signature version 4 and regional addresses: left alone, presigned uploads fall back to version 2, which
binds neither size nor `If-None-Match`, and to the global address.
"""

import logging
import os
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

logging.getLogger("botocore").setLevel(logging.INFO)
"""Whatever level a process is turned to: at DEBUG it writes out every request and answer, secrets with them."""


@cache
def _client(service: str, read_timeout: int = 20) -> Any:
    has_endpoint = bool(os.environ.get("AWS_ENDPOINT_URL"))
    config = Config(
        retries={"mode": "standard", "max_attempts": 4},
        connect_timeout=3,
        read_timeout=read_timeout,
        inject_host_prefix=not has_endpoint,
        s3={"addressing_style": "path" if has_endpoint else "virtual"},
        signature_version="s3v4" if service == "s3" else None,
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]


def forget() -> None:
    """Make clients anew from now on: for a process that turns to another deployment."""
    _client.cache_clear()


def s3() -> "S3Client":
    """S3."""
    return _client("s3")  # type: ignore[no-any-return]


def dynamodb() -> "DynamoDBClient":
    """DynamoDB."""
    return _client("dynamodb")  # type: ignore[no-any-return]


def events() -> "EventBridgeClient":
    """EventBridge."""
    return _client("events")  # type: ignore[no-any-return]


def sqs() -> "SQSClient":
    """SQS, with room for a long poll of 20 s."""
    return _client("sqs", read_timeout=30)  # type: ignore[no-any-return]


def stepfunctions() -> "SFNClient":
    """Step Functions, with room for a synchronous execution of five minutes."""
    return _client("stepfunctions", read_timeout=310)  # type: ignore[no-any-return]


def cloudwatch() -> Any:
    """CloudWatch."""
    return _client("cloudwatch")


def secretsmanager() -> "SecretsManagerClient":
    """Secrets Manager."""
    return _client("secretsmanager")  # type: ignore[no-any-return]
