"""The deployed city that a command speaks to: this machine's, or the one of an AWS account."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from civicam.contracts.errors import Unavailable
from civicam_cli.embedded.addresses import reachable
from civicam_cli.embedded.city import City, read_json
from civicam_cli.places import LAPTOP, environment, home

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""The embedded AWS's administrator: whoever reaches its port can be it, so the port is bound to 127.0.0.1."""
REGION = "us-east-1"
"""The embedded AWS's Region."""


@dataclass(frozen=True)
class Deployment:
    """Where the city is, and what its stacks say about themselves."""

    environment: str
    endpoint_url: str | None
    """The embedded AWS's address; None in a real account."""
    region: str
    outputs: dict[str, str] = field(default_factory=dict)
    """The outputs of all stacks by name, `FootageBucket` and so on."""

    def env(self) -> dict[str, str]:
        """What adapters and boto3 find this city by: FOOTAGE_BUCKET and so on, and the laptop's address."""
        variables = {_variable(name): value for name, value in self.outputs.items()}
        if self.endpoint_url:
            variables |= {**CREDENTIALS, "AWS_ENDPOINT_URL": self.endpoint_url}
        return variables | {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}


def load_deployment() -> Deployment:
    """The city of CIVICAM_ENVIRONMENT; raises Unavailable, with the remedy, when it is not deployed or not running."""
    wanted = environment()
    return embedded_deployment(home()) if wanted == LAPTOP else account_deployment(wanted)


def use_deployment() -> Deployment:
    """Make the adapters of civicam.aws and boto3 in this process speak to the city, and return it."""
    deployment = load_deployment()
    if deployment.endpoint_url:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
    os.environ.update(deployment.env())
    return deployment


def embedded_deployment(folder: Path) -> Deployment:
    """The city whose state lies in this folder; raises Unavailable where it does not run."""
    city = City(folder)
    if not city.outputs_file.exists() or not city.running():
        raise Unavailable("the city is not up: start it with `civicam up`")
    outputs = reachable(merged(read_json(city.outputs_file)), city.endpoint_url)
    return Deployment(LAPTOP, city.endpoint_url, REGION, outputs)


def account_deployment(wanted: str) -> Deployment:
    """The city in the AWS account of this machine's credentials; raises Unavailable where no stack of it is found."""
    try:
        client = boto3.client("cloudformation")
        stacks = [stack for page in client.get_paginator("describe_stacks").paginate() for stack in page["Stacks"]]
        region = client.meta.region_name
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"the AWS account cannot be asked: {error}") from error
    mine = [stack for stack in stacks if stack["StackName"].startswith(f"civicam-{wanted}-")]
    if not mine:
        raise Unavailable(f"no stack of environment {wanted} in {region}: deploy it with `civicam deploy`")
    outputs = {
        stack["StackName"]: {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        for stack in mine
    }
    return Deployment(wanted, None, region, merged(outputs))


def merged(stacks: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The outputs of all stacks in one; the generated exports between stacks are left out."""
    return {
        name: value for outputs in stacks.values() for name, value in outputs.items() if not name.startswith("Export")
    }


def _variable(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
