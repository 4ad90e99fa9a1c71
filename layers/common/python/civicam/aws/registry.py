"""The registry of cameras: every version for ever in S3, the current one of each in DynamoDB."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.pages import Cursor, Page, checked
from civicam.aws.versions import Change, Versions
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Conflict, Rejected
from civicam.contracts.versions import Changed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

Part = tuple[str, str]
"""The cameras of one unit or one owner: which of the two, and its name."""
KEPT_VERSIONS = 2_000
"""How many versions a process remembers: they never change, so this bounds memory only."""
THE_CITY = "the-city"
"""Who made a version that no person asked for."""


@dataclass(frozen=True)
class Theirs:
    """The cameras of these owners, in units of which this holds."""

    owner_ids: tuple[str, ...]
    lies_there: Callable[[str], bool]


NOBODY_S = Theirs((), lambda _: True)


@dataclass(frozen=True)
class Registered:
    """What `put` did, and the camera as it now stands."""

    camera: Camera
    change: Change


class Registry:
    """The city's cameras."""

    def __init__(self, table: str, bucket: str) -> None:
        self._table = table
        self._cameras = Versions(Camera, table, bucket, indexed=("unit_id", "owner_id"))
        self._remembered: dict[tuple[str, int], Camera] = {}

    @classmethod
    def from_env(cls) -> Self:
        """The registry of CAMERAS_TABLE and REGISTRY_BUCKET."""
        return cls(setting("CAMERAS_TABLE"), setting("REGISTRY_BUCKET"))

    def camera(self, camera_id: str) -> Camera:
        """The current version; raises NotFound."""
        return self._cameras.current(camera_id)

    def camera_version(self, camera_id: str, version: int) -> Camera:
        """One version, current or past; raises NotFound."""
        remembered = self._remembered.get((camera_id, version))
        return remembered or self._remember(self._cameras.version(camera_id, version))

    def camera_at(self, camera_id: str, moment: datetime) -> Camera:
        """The version that was valid at that moment, the first one for all that came before it; raises NotFound."""
        return self.valid_at(self.camera(camera_id), moment)

    def valid_at(self, camera: Camera, moment: datetime) -> Camera:
        """As `camera_at`, for whoever has a version of the camera in hand that is not older."""
        while camera.version > 1 and camera.changed and camera.changed.at > moment:
            camera = self.camera_version(camera.camera_id, camera.version - 1)
        return camera

    def history(self, camera_id: str) -> tuple[Camera, ...]:
        """Every version, the first one first; raises NotFound."""
        return self._cameras.history(camera_id)

    def would(self, camera: Camera) -> Change:
        """What `put` would do."""
        return self._cameras.would(camera)

    def put(self, camera: Camera, *, by: str = THE_CITY, at: datetime | None = None) -> Registered:
        """Make this the camera's entry, valid from `at` (now), as `Versions.put` does; raises Conflict.

        Whether the city may have the camera at all is for `civicam.aws.registration` to say.
        """
        return Registered(*self._cameras.put(camera, Changed(at=at or now(), by=by)))

    def find_all(self, camera_ids: Iterable[str]) -> dict[str, Camera]:
        """The current versions of those that there are, by id."""
        return self._cameras.find_all(camera_ids)

    def put_all(
        self, changes: Sequence[tuple[Camera, Camera | None]], *, by: str = THE_CITY, at: datetime | None = None
    ) -> "Sequence[Camera | Conflict]":
        """Make each camera the entry after the one beside it, that stands, as `Versions.put_all` does."""
        return self._cameras.put_all(changes, Changed(at=at or now(), by=by))

    def list(
        self,
        unit_ids: Sequence[str] | None = None,
        cursor: Mapping[str, str] | None = None,
        limit: int = 50,
        theirs: Theirs = NOBODY_S,
    ) -> Page[Camera]:
        """Cameras of these units, by unit and id, then those of these owners that stand elsewhere, by owner and id.

        Cameras of the whole city, in no order, where `unit_ids` is None.
        """
        if unit_ids is None:
            return self._everywhere(checked(cursor, "camera_id"), limit)
        units, owners = sorted(set(unit_ids)), sorted(set(theirs.owner_ids))
        parts = [("unit_id", unit_id) for unit_id in units] + [("owner_id", owner_id) for owner_id in owners]
        start = _start(parts, cursor)
        found: list[tuple[str, Camera]] = []
        for part in parts[parts.index(start[0]) if start else 0 :]:
            index, after = part[0], start[1] if start and part == start[0] else None
            cameras: Iterator[Camera] = self._in_part(part, after, limit + 1)
            if index == "owner_id":
                cameras = (one for one in cameras if one.unit_id not in units and theirs.lies_there(one.unit_id))
            found += ((index, camera) for camera in islice(cameras, limit + 1 - len(found)))
            if len(found) > limit:
                index, last = found[limit - 1]
                following = {index: str(getattr(last, index)), "camera_id": last.camera_id}
                return Page(tuple(camera for _, camera in found[:limit]), following)
        return Page(tuple(camera for _, camera in found))

    def all(self) -> Iterator[Camera]:
        """Every camera of the city, once, in no order."""
        for page in clients.dynamodb().get_paginator("scan").paginate(TableName=self._table):
            yield from map(self._cameras.of_item, page["Items"])

    def archived(self) -> Iterator[Camera]:
        """The newest archived version of every camera, by id: what the table is rebuilt from."""
        return self._cameras.archived()

    def make_current(self, camera: Camera) -> None:
        """Write the table's entry; an older version than what stands there is no effect."""
        self._cameras.make_current(camera)

    def _remember(self, camera: Camera) -> Camera:
        if len(self._remembered) >= KEPT_VERSIONS:
            self._remembered.clear()
        self._remembered[camera.camera_id, camera.version] = camera
        return camera

    def _everywhere(self, start: Cursor | None, limit: int) -> Page[Camera]:
        request: dict[str, Any] = {"ExclusiveStartKey": _attributes(start)} if start else {}
        answer = clients.dynamodb().scan(TableName=self._table, Limit=limit, **request)
        last = answer.get("LastEvaluatedKey")
        return Page(
            tuple(map(self._cameras.of_item, answer["Items"])), {"camera_id": last["camera_id"]["S"]} if last else None
        )

    def _in_part(self, part: Part, after: Cursor | None, page: int) -> Iterator[Camera]:
        index, name = part
        request: dict[str, Any] = {"ExclusiveStartKey": _attributes(after)} if after else {}
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                IndexName=f"by_{index.removesuffix('_id')}",
                KeyConditionExpression=f"{index} = :name",
                ExpressionAttributeValues={":name": {"S": name}},
                PaginationConfig={"PageSize": page},
                **request,
            )
        )
        for answer in pages:
            yield from map(self._cameras.of_item, answer["Items"])


def _start(parts: Sequence[Part], cursor: Mapping[str, str] | None) -> tuple[Part, Cursor] | None:
    """Where a page starts: in which part, after which key. Raises Rejected for another list's cursor."""
    if cursor is None:
        return None
    index = "owner_id" if "owner_id" in cursor else "unit_id"
    start = checked(cursor, index, "camera_id") or {}
    if (index, start[index]) not in parts:
        raise Rejected("malformed_cursor", "the paging token belongs to another list: start again without it")
    return (index, start[index]), start


def _attributes(cursor: Cursor) -> dict[str, "AttributeValueTypeDef"]:
    return {name: {"S": value} for name, value in cursor.items()}
