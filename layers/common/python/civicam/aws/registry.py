"""The registry of cameras: every version for ever in S3, the current one of each in DynamoDB."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from botocore.exceptions import ClientError

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.pages import Cursor, Page, checked
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Conflict, NotFound, Rejected

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

PREFIX = "registry/cameras/"
KEPT_VERSIONS = 2_000
"""How many versions a process remembers: they never change, so this bounds memory only."""


@dataclass(frozen=True)
class Registered:
    """What `put` did, and the camera as it now stands."""

    camera: Camera
    change: Literal["added", "changed", "unchanged"]


class Registry:
    """The city's cameras. The bucket is the truth, from which the table can be rebuilt."""

    def __init__(self, table: str, bucket: str) -> None:
        self._table, self._bucket = table, bucket
        self._versions: dict[tuple[str, int], Camera] = {}

    @classmethod
    def from_env(cls) -> Self:
        """The registry of CAMERAS_TABLE and REGISTRY_BUCKET."""
        return cls(setting("CAMERAS_TABLE"), setting("REGISTRY_BUCKET"))

    def camera(self, camera_id: str) -> Camera:
        """The current version; raises NotFound."""
        answer = clients.dynamodb().get_item(
            TableName=self._table, Key={"camera_id": {"S": camera_id}}, ConsistentRead=True
        )
        if "Item" not in answer:
            raise NotFound(f"there is no camera {camera_id}")
        return _camera(answer["Item"])

    def camera_version(self, camera_id: str, version: int) -> Camera:
        """One version, current or past; raises NotFound."""
        kept = self._versions.get((camera_id, version))
        return kept or self._remember(self._archived(camera_id, version))

    def put(self, camera: Camera) -> Registered:
        """Make this the camera's entry; the registry gives the version number, whatever number the caller's copy bears.

        The same content again is `unchanged`. Raises Conflict where somebody else changed the camera in between: theirs
        stands, read it and decide again.
        """
        standing = self._find(camera.camera_id)
        if standing and standing == camera.model_copy(update={"version": standing.version}):
            return Registered(standing, "unchanged")
        wanted = camera.model_copy(update={"version": standing.version + 1 if standing else 1})
        archived = self._archive(wanted)
        self.make_current(archived)
        if archived != wanted:
            raise Conflict(f"camera {camera.camera_id} was changed by somebody else: read version {archived.version}")
        return Registered(wanted, "changed" if standing else "added")

    def list(
        self, unit_ids: Sequence[str] | None = None, cursor: Mapping[str, str] | None = None, limit: int = 50
    ) -> Page[Camera]:
        """Cameras of these units, by unit and id; of the whole city, in no order, where `unit_ids` is None."""
        if unit_ids is None:
            return self._everywhere(checked(cursor, "camera_id"), limit)
        start = checked(cursor, "unit_id", "camera_id")
        if start and start["unit_id"] not in unit_ids:
            raise Rejected("malformed_cursor", "the paging token belongs to other units: start again without it")
        return self._in_units(sorted(set(unit_ids)), start, limit)

    def all(self) -> Iterator[Camera]:
        """Every camera of the city, once, in no order."""
        for page in clients.dynamodb().get_paginator("scan").paginate(TableName=self._table):
            yield from map(_camera, page["Items"])

    def archived(self) -> Iterator[Camera]:
        """The newest archived version of every camera, by id: what the table is rebuilt from."""
        newest: dict[str, str] = {}
        for page in clients.s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX):
            newest |= {item["Key"].split("/")[2]: item["Key"] for item in page.get("Contents", [])}
        for key in newest.values():
            yield self._read(key)

    def make_current(self, camera: Camera) -> None:
        """Write the table's entry; an older version than what stands there is no effect."""
        try:
            clients.dynamodb().put_item(
                TableName=self._table,
                Item={
                    "camera_id": {"S": camera.camera_id},
                    "version": {"N": str(camera.version)},
                    "unit_id": {"S": camera.unit_id},
                    "owner_id": {"S": camera.owner_id},
                    "document": {"S": camera.model_dump_json()},
                },
                ConditionExpression="attribute_not_exists(camera_id) OR version < :version",
                ExpressionAttributeValues={":version": {"N": str(camera.version)}},
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return

    def _find(self, camera_id: str) -> Camera | None:
        try:
            return self.camera(camera_id)
        except NotFound:
            return None

    def _archive(self, camera: Camera) -> Camera:
        """What stands in the archive under this number: this version, or what another writer put there first."""
        try:
            clients.s3().put_object(
                Bucket=self._bucket,
                Key=_key(camera.camera_id, camera.version),
                Body=camera.model_dump_json().encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in {409, 412}:
                raise
            return self._archived(camera.camera_id, camera.version)
        return camera

    def _archived(self, camera_id: str, version: int) -> Camera:
        try:
            return self._read(_key(camera_id, version))
        except clients.s3().exceptions.NoSuchKey as error:
            raise NotFound(f"camera {camera_id} has no version {version}") from error

    def _read(self, key: str) -> Camera:
        return Camera.model_validate_json(clients.s3().get_object(Bucket=self._bucket, Key=key)["Body"].read())

    def _remember(self, camera: Camera) -> Camera:
        if len(self._versions) >= KEPT_VERSIONS:
            self._versions.clear()
        self._versions[camera.camera_id, camera.version] = camera
        return camera

    def _everywhere(self, start: Cursor | None, limit: int) -> Page[Camera]:
        request: dict[str, Any] = {"ExclusiveStartKey": _attributes(start)} if start else {}
        answer = clients.dynamodb().scan(TableName=self._table, Limit=limit, **request)
        last = answer.get("LastEvaluatedKey")
        return Page(tuple(map(_camera, answer["Items"])), {"camera_id": last["camera_id"]["S"]} if last else None)

    def _in_units(self, unit_ids: Sequence[str], start: Cursor | None, limit: int) -> Page[Camera]:
        cameras: list[Camera] = []
        for unit_id in unit_ids:
            if start and unit_id < start["unit_id"]:
                continue
            after = start if start and unit_id == start["unit_id"] else None
            cameras += self._in_unit(unit_id, after, limit + 1 - len(cameras))
            if len(cameras) > limit:
                last = cameras[limit - 1]
                return Page(tuple(cameras[:limit]), {"unit_id": last.unit_id, "camera_id": last.camera_id})
        return Page(tuple(cameras))

    def _in_unit(self, unit_id: str, after: Cursor | None, limit: int) -> Sequence[Camera]:
        request: dict[str, Any] = {"ExclusiveStartKey": _attributes(after)} if after else {}
        answer = clients.dynamodb().query(
            TableName=self._table,
            IndexName="by_unit",
            KeyConditionExpression="unit_id = :unit",
            ExpressionAttributeValues={":unit": {"S": unit_id}},
            Limit=limit,
            **request,
        )
        return tuple(map(_camera, answer["Items"]))


def _key(camera_id: str, version: int) -> str:
    return f"{PREFIX}{camera_id}/{version:08d}.json"


def _camera(item: "Mapping[str, AttributeValueTypeDef]") -> Camera:
    return Camera.model_validate_json(item["document"]["S"])


def _attributes(cursor: Cursor) -> dict[str, "AttributeValueTypeDef"]:
    return {name: {"S": value} for name, value in cursor.items()}
