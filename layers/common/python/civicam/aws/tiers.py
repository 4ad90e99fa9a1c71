"""The city's tier setting in TIERS_TABLE, one item; and the backlogs that it is made from."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from aws_lambda_powertools import Logger

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.base import now
from civicam.vision.tiers import Backlog, GpuTier, TierSetting, next_setting

KEY = {"setting": {"S": "tiers"}}
LOOKED_BACK = timedelta(minutes=5)
"""CloudWatch has the metrics of queues and tasks a minute or two later; the newest of these minutes counts."""
logger = Logger(child=True)


@dataclass(frozen=True)
class Tiers:
    """The item. Nothing in it need be kept: without it every camera is on the tier that it had at first."""

    table: str

    @classmethod
    def from_env(cls) -> Self:
        """The item of TIERS_TABLE."""
        return cls(setting("TIERS_TABLE"))

    def current(self) -> TierSetting:
        """What holds; where nothing was ever set, the Lambda tier since long ago."""
        item = clients.dynamodb().get_item(TableName=self.table, Key=KEY).get("Item")
        if item is None:
            return TierSetting(since=datetime.min.replace(tzinfo=now().tzinfo))
        return TierSetting.model_validate_json(item["document"]["S"])

    def put(self, wanted: TierSetting) -> bool:
        """Make it hold, unless somebody else has set the same version meanwhile: then theirs holds."""
        try:
            clients.dynamodb().put_item(
                TableName=self.table,
                Item={**KEY, "version": {"N": str(wanted.version)}, "document": {"S": wanted.model_dump_json()}},
                ConditionExpression="attribute_not_exists(version) OR version < :version",
                ExpressionAttributeValues={":version": {"N": str(wanted.version)}},
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return False
        return True


@dataclass(frozen=True)
class Queues:
    """What is looked at: the queues of both tiers, and the service of the GPU tier."""

    clip_queue_url: str
    detect_queue_url: str
    cluster: str
    service: str

    def backlogs(self, most_workers: int, at: datetime) -> tuple[Backlog, GpuTier]:
        """What waits for the Lambda tier, and how the GPU tier stands."""
        clips, detect, running = _measured(
            at,
            [
                _age(self.clip_queue_url),
                _age(self.detect_queue_url),
                (
                    "ECS/ContainerInsights",
                    "RunningTaskCount",
                    {"ClusterName": self.cluster, "ServiceName": self.service},
                ),
            ],
        )
        waits = Backlog(waiting=_waiting(self.detect_queue_url), oldest_seconds=detect)
        return (
            Backlog(waiting=_waiting(self.clip_queue_url), oldest_seconds=clips),
            GpuTier(backlog=waits, running=int(running or 0), most=most_workers),
        )


@dataclass(frozen=True)
class TierSetter:
    """Looks at both tiers and sets which cameras go where."""

    tiers: Tiers
    queues: Queues
    at_once: int
    most_workers: int

    @classmethod
    def from_env(cls) -> Self:
        """By what the stack told: queues, service, and how much each tier may do at once."""
        queues = Queues(
            clip_queue_url=setting("CLIP_QUEUE_URL"),
            detect_queue_url=setting("DETECT_QUEUE_URL"),
            cluster=setting("CLUSTER_NAME"),
            service=setting("DETECTOR_SERVICE"),
        )
        return cls(Tiers.from_env(), queues, int(setting("CLIPS_AT_ONCE")), int(setting("MOST_GPU_WORKERS")))

    def set(self, at: datetime) -> TierSetting:
        """What holds now."""
        standing = self.tiers.current()
        clips, gpu = self.queues.backlogs(self.most_workers, at)
        wanted = next_setting(standing, clips, gpu, at_once=self.at_once, at=at)
        logger.info("tiers looked at", clips=clips.model_dump(), gpu=gpu.model_dump(), on_gpu=wanted.on_gpu)
        if wanted == standing or not self.tiers.put(wanted):
            return standing
        logger.warning("cameras change their tier", was=standing.on_gpu, on_gpu=wanted.on_gpu, why=wanted.why)
        return wanted


Measure = tuple[str, str, dict[str, str]]
"""Namespace, metric, dimensions."""


def _age(queue_url: str) -> Measure:
    return "AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": queue_url.rpartition("/")[2]}


def _waiting(queue_url: str) -> int:
    told = clients.sqs().get_queue_attributes(QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(told["Attributes"]["ApproximateNumberOfMessages"])


def _measured(at: datetime, measures: list[Measure]) -> list[float | None]:
    """The newest value of each metric; None where CloudWatch has none."""
    answer = clients.cloudwatch().get_metric_data(
        StartTime=at - LOOKED_BACK,
        EndTime=at,
        ScanBy="TimestampDescending",
        MetricDataQueries=[
            {
                "Id": f"m{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": namespace,
                        "MetricName": name,
                        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                    },
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
            for number, (namespace, name, dimensions) in enumerate(measures)
        ],
    )
    newest = {found["Id"]: found["Values"][0] for found in answer["MetricDataResults"] if found["Values"]}
    return [newest.get(f"m{number}") for number in range(len(measures))]
