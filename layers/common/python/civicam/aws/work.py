"""What lies between two steps of the hot path: packs of frames (a day), and boxes (thirty days), in WORK_BUCKET."""

import gzip
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.errors import Inconsistent, NotFound
from civicam.contracts.vision import ClipBoxes
from civicam.vision.pack import Pack


@dataclass(frozen=True)
class WorkStore:
    """The bucket by its name. Everything in it can be made again from the footage."""

    bucket: str

    @classmethod
    def from_env(cls) -> Self:
        """The store of WORK_BUCKET."""
        return cls(setting("WORK_BUCKET"))

    def pack_uri(self, clip_id: str, run: str) -> str:
        """Where a clip's pack of that run lies."""
        return f"s3://{self.bucket}/packs/{clip_id}/{run}.zip"

    def boxes_uri(self, clip_id: str, run: str, name: str) -> str:
        """Where the boxes of one pass over a clip lie."""
        return f"s3://{self.bucket}/boxes/{clip_id}/{run}/{name}.json.gz"

    def put_pack(self, uri: str, pack: Pack) -> None:
        """Write the pack; again replaces it by its equal."""
        self._put(uri, pack.to_bytes(), "application/zip")

    def pack(self, uri: str) -> Pack:
        """The pack; raises NotFound, and Inconsistent as `Pack.from_bytes` does."""
        return Pack.from_bytes(self._get(uri))

    def put_boxes(self, uri: str, boxes: ClipBoxes) -> None:
        """Write the boxes; the same boxes give the same bytes."""
        self._put(uri, gzip.compress(boxes.model_dump_json().encode(), mtime=0), "application/gzip")

    def boxes(self, uri: str) -> ClipBoxes:
        """The boxes; raises NotFound."""
        return ClipBoxes.model_validate_json(gzip.decompress(self._get(uri)))

    def _put(self, uri: str, body: bytes, media_type: str) -> None:
        clients.s3().put_object(Bucket=self.bucket, Key=self._key(uri), Body=body, ContentType=media_type)

    def _get(self, uri: str) -> bytes:
        try:
            return clients.s3().get_object(Bucket=self.bucket, Key=self._key(uri))["Body"].read()
        except clients.s3().exceptions.NoSuchKey as error:
            raise NotFound(f"nothing lies at {uri} (any more): sample or detect the clip again") from error

    def _key(self, uri: str) -> str:
        """The key in this bucket; an address elsewhere was not written by this city."""
        parts = urlsplit(uri)
        if (parts.scheme, parts.netloc) != ("s3", self.bucket):
            raise Inconsistent(f"{uri} does not lie in {self.bucket}")
        return parts.path.removeprefix("/")
