"""Where the pictures of a minute wait until their series is closed: `inbox/series/` of the footage bucket.

They are left there for the bucket's lifecycle to remove: whoever closes the same minute twice must find the same ones.
"""

from datetime import datetime
from typing import Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.cameras.series import picture_name
from civicam.contracts.ids import compact_time


class SeriesInbox:
    """Pictures by camera and minute."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    @classmethod
    def from_env(cls) -> Self:
        """The inbox of FOOTAGE_BUCKET."""
        return cls(setting("FOOTAGE_BUCKET"))

    def put(self, camera_id: str, minute: datetime, moment: datetime, jpeg: bytes) -> None:
        """Keep one picture, by the moment it was taken."""
        key = _folder(camera_id, minute) + picture_name(moment)
        clients.s3().put_object(Bucket=self._bucket, Key=key, Body=jpeg, ContentType="image/jpeg")

    def pictures(self, camera_id: str, minute: datetime) -> dict[str, bytes]:
        """The minute's pictures by name; empty where the source gave none, or the same one all along."""
        folder = _folder(camera_id, minute)
        pages = clients.s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {
            key.removeprefix(folder): clients.s3().get_object(Bucket=self._bucket, Key=key)["Body"].read()
            for key in keys
        }


def _folder(camera_id: str, minute: datetime) -> str:
    return f"inbox/series/{camera_id}/{compact_time(minute)}/"
