"""What is known of a deployed city at this moment, as a document."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import boto3

from civicam.contracts.base import utc_text
from civicam_cli.deployment import Deployment

DEAD = "DeadLettersUrl"
_COUNTS = {
    "waiting": "ApproximateNumberOfMessages",
    "in_hand": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}


@dataclass(frozen=True)
class Queue:
    """How full one queue is."""

    name: str
    dead: bool
    """Whether it holds what failed to the last try."""
    waiting: int
    in_hand: int
    delayed: int

    @property
    def total(self) -> int:
        """All messages that it holds."""
        return self.waiting + self.in_hand + self.delayed


@dataclass(frozen=True)
class Status:
    """What runs, where, and how full the queues are."""

    environment: str
    region: str
    address: str | None
    """The embedded AWS's address; None in an account."""
    api_url: str | None
    since: str | None
    processes: int
    """Of the embedded AWS on this machine."""
    functions: list[str]
    tasks: list[str]
    """Running tasks, by the family of their definition."""
    queues: list[Queue]
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def dead_letters(self) -> int:
        """Messages that failed to the last try."""
        return sum(queue.total for queue in self.queues if queue.dead)


def status_of(deployment: Deployment, *, since: datetime | None, processes: int, left_out: dict[str, str]) -> Status:
    """Ask the deployed city, to which this process speaks already."""
    asked = Asked(deployment)
    return Status(
        environment=deployment.environment,
        region=deployment.region,
        address=deployment.endpoint_url,
        api_url=deployment.outputs.get("ApiUrl"),
        since=utc_text(since) if since else None,
        processes=processes,
        functions=asked.functions(),
        tasks=asked.tasks(),
        queues=[asked.queue(*one) for one in sorted(deployment.outputs.items()) if one[0].endswith(("QueueUrl", DEAD))],
        left_out=left_out,
    )


class Asked:
    """The services that know."""

    def __init__(self, deployment: Deployment) -> None:
        self._prefix, self._outputs = f"civicam-{deployment.environment}-", deployment.outputs

    def functions(self) -> list[str]:
        """Names of the city's functions, without what all of them begin with."""
        pages = boto3.client("lambda").get_paginator("list_functions").paginate()
        names = [one["FunctionName"] for page in pages for one in page["Functions"]]
        return sorted(name.removeprefix(self._prefix) for name in names if name.startswith(self._prefix))

    def tasks(self) -> list[str]:
        """Families of the running tasks of the city's cluster."""
        cluster = self._outputs.get("ClusterName")
        if not cluster:
            return []
        ecs = boto3.client("ecs")
        arns = ecs.list_tasks(cluster=cluster, desiredStatus="RUNNING")["taskArns"]
        described = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        running = [one["taskDefinitionArn"] for one in described if one["lastStatus"] == "RUNNING"]
        return sorted(arn.rpartition("/")[2].rpartition(":")[0].removeprefix(self._prefix) for arn in running)

    def queue(self, output: str, url: str) -> Queue:
        """One queue by its output."""
        answer = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        said: Any = answer["Attributes"]
        counts = {name: int(said.get(attribute, 0)) for name, attribute in _COUNTS.items()}
        return Queue(output.removesuffix("Url"), output.endswith(DEAD), **counts)
