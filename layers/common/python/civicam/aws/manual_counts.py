"""Counts by hand, in the registry bucket: filed once each, by one conditional write, and kept for ever."""

from datetime import datetime, timedelta
from typing import Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.objects import put_new
from civicam.aws.recent_facts import Asked, RecentFacts
from civicam.cameras.counting import compared
from civicam.contracts.cameras import Camera
from civicam.contracts.counts import CountSheet, ManualCount
from civicam.contracts.ids import compact_time
from civicam.contracts.vision import VehiclesCounted

LONGEST_CLIP = timedelta(minutes=5)
"""How far before a stretch a clip may have begun that reaches into it."""
MOST_FACTS = 5000
"""More than an hour's clips of a second each."""
NEWEST = 5


class ManualCounts:
    """The counts that people made of the city's cameras."""

    def __init__(self, bucket: str, facts: RecentFacts) -> None:
        self._bucket, self._facts = bucket, facts

    @classmethod
    def from_env(cls) -> Self:
        """The counts in REGISTRY_BUCKET, compared with the facts of FACTS_TABLE."""
        return cls(setting("REGISTRY_BUCKET"), RecentFacts.from_env())

    def file(self, camera: Camera, sheet: CountSheet, *, by: str, at: datetime) -> ManualCount:
        """The count beside the city's own; the same sheet again is the count that stands. Raises as `compared`."""
        asked = Asked(camera.camera_id, VehiclesCounted.TYPE, sheet.start - LONGEST_CLIP, sheet.end)
        events = self._facts.by_camera(asked, limit=MOST_FACTS).items
        facts = [event.data for event in events if isinstance(event.data, VehiclesCounted)]
        return self._put_once(compared(camera, sheet, facts, by=by, at=at))

    def of_camera(self, camera_id: str, newest: int = NEWEST) -> tuple[ManualCount, ...]:
        """The last so many counts of the camera, the latest stretch first."""
        pages = (
            clients.s3()
            .get_paginator("list_objects_v2")
            .paginate(Bucket=self._bucket, Prefix=f"registry/counts/{camera_id}/")
        )
        keys = sorted(item["Key"] for page in pages for item in page.get("Contents", []))
        return tuple(self._read(key) for key in reversed(keys[-newest:]))

    def _put_once(self, count: ManualCount) -> ManualCount:
        key = f"registry/counts/{count.camera_id}/{compact_time(count.start)}_{count.count_id[:16]}.json"
        is_new = put_new(self._bucket, key, count.model_dump_json().encode())
        return count if is_new else self._read(key)

    def _read(self, key: str) -> ManualCount:
        return ManualCount.model_validate_json(clients.s3().get_object(Bucket=self._bucket, Key=key)["Body"].read())
