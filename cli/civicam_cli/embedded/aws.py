"""boto3 clients of one embedded city, whatever the environment of this process says."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from civicam_cli.deployment import CREDENTIALS, REGION
from civicam_cli.embedded.city import City

ACCOUNT = "000000000000"
"""The embedded AWS's account number."""


def client(city: City, service: str) -> Any:
    """A client with the administrator's rights."""
    return _client(city.endpoint_url, service)


@cache
def _client(endpoint_url: str, service: str) -> Any:
    session = boto3.Session(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    config = Config(
        s3={"addressing_style": "path"},
        inject_host_prefix=False,
        retries={"max_attempts": 2},
        connect_timeout=3,
        read_timeout=60,
    )
    return session.client(service, endpoint_url=endpoint_url, config=config)  # type: ignore[call-overload]
