"""The ways of cameras on vehicles in ROUTES_TABLE: an item a waypoint, which ends by itself."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.cameras.routes import GAP, KEPT
from civicam.contracts.base import utc_text
from civicam.contracts.routes import Waypoint


class Routes:
    """The waypoints of each camera, by time."""

    def __init__(self, table: str) -> None:
        self._table = table

    @classmethod
    def from_env(cls) -> Self:
        """Those of ROUTES_TABLE."""
        return cls(setting("ROUTES_TABLE"))

    def put(self, camera_id: str, waypoints: Iterable[Waypoint]) -> None:
        """Keep waypoints; one of the same moment takes the place of what was told before."""
        for waypoint in waypoints:
            clients.dynamodb().put_item(
                TableName=self._table,
                Item={
                    "camera_id": {"S": camera_id},
                    "at": {"S": utc_text(waypoint.at)},
                    "document": {"S": waypoint.model_dump_json()},
                    "expires_at": {"N": str(int((waypoint.at + KEPT).timestamp()))},
                },
            )

    def between(self, camera_id: str, start: datetime, end: datetime, limit: int) -> tuple[Waypoint, ...]:
        """The first waypoints from `start` to `end`, both included, in the order of time."""
        answer = clients.dynamodb().query(
            TableName=self._table,
            KeyConditionExpression="camera_id = :camera AND #at BETWEEN :start AND :end",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={
                ":camera": {"S": camera_id},
                ":start": {"S": utc_text(start)},
                ":end": {"S": utc_text(end)},
            },
            Limit=limit,
        )
        return tuple(Waypoint.model_validate_json(item["document"]["S"]) for item in answer["Items"])

    def around(self, camera_id: str, moment: datetime) -> tuple[Waypoint, ...]:
        """The waypoints by which `place_at` says where the camera was."""
        return self.between(camera_id, moment - GAP, moment + GAP, limit=1000)
