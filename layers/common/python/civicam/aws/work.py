"""What lies between two steps of the hot path: packs of frames (a day), and boxes (thirty days), in WORK_BUCKET."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urldefrag, urlsplit

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.errors import Inconsistent, NotFound
from civicam.contracts.vision import PASSES, ClipBoxes
from civicam.vision.catalogue import Task
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
        return f"s3://{self.bucket}/boxes/{clip_id}/{run}.json.gz#{name}"

    def put_pack(self, uri: str, pack: Pack) -> None:
        """Write the pack; again replaces it by its equal."""
        self._put(uri, pack.to_bytes(), "application/zip")

    def pack(self, uri: str) -> Pack:
        """The pack; raises NotFound, and Inconsistent as `Pack.from_bytes` does."""
        return Pack.from_bytes(self._get(uri))

    def put_boxes(self, found: Mapping[str, ClipBoxes]) -> None:
        """Write the boxes of all passes over a clip, by their addresses; the same boxes give the same bytes.

        A clip and run have one object for all passes, for each costs its put.
        """
        for address in dict.fromkeys(urldefrag(uri).url for uri in found):
            seen = {urldefrag(uri).fragment: boxes for uri, boxes in found.items() if urldefrag(uri).url == address}
            self._put(address, gzip.compress(PASSES.dump_json(seen), mtime=0), "application/gzip")

    def boxes(self, uris: Mapping[str, str]) -> dict[str, ClipBoxes]:
        """The boxes of each of these addresses, an object that holds several read once; raises NotFound."""
        objects = {address: self._passes(address) for address in {urldefrag(uri).url for uri in uris.values()}}
        try:
            return {name: objects[urldefrag(uri).url][urldefrag(uri).fragment] for name, uri in uris.items()}
        except KeyError as error:
            raise NotFound(f"no pass {error} lies among a clip's boxes: detect the clip again") from error

    def holds(self, uri: str) -> bool:
        """Whether something lies there (still)."""
        try:
            clients.s3().head_object(Bucket=self.bucket, Key=self._key(uri))
        except clients.s3().exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in {"404", "NoSuchKey", "NotFound"}:
                raise
            return False
        return True

    def _passes(self, address: str) -> dict[str, ClipBoxes]:
        """What lies there by pass. What was written before passes shared an object holds one, and has no fragment."""
        body = gzip.decompress(self._get(address))
        is_shared = not address.endswith(tuple(f"/{name}.json.gz" for name in Task))
        return PASSES.validate_json(body) if is_shared else {"": ClipBoxes.model_validate_json(body)}

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
