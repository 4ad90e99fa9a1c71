"""The footage store: where accepted bytes lie, how they come in, and where the unusable ones go."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from botocore.exceptions import ClientError
from pydantic import ValidationError

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.base import now, utc_text
from civicam.contracts.errors import NotFound, Rejected
from civicam.contracts.footage import ClockQuality, Footage

UPLOAD_MINUTES = 15
"""How long a presigned upload is good for."""
MISSING = {"404", "NoSuchKey", "NotFound"}


@dataclass(frozen=True)
class Upload:
    """Leave to PUT one object once: exactly these headers, these bytes, until then."""

    url: str
    headers: dict[str, str]
    expires_at: datetime


class FootageStore:
    """Footage in S3. What lies under `clips/` was put there once and is never overwritten."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    @classmethod
    def from_env(cls) -> Self:
        """The store of FOOTAGE_BUCKET."""
        return cls(setting("FOOTAGE_BUCKET"))

    def put(self, footage: Footage, body: bytes) -> bool:
        """Store the bytes under the footage's key; False where an object stands there already (it is left alone)."""
        try:
            clients.s3().put_object(**_parameters(footage), Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:
                raise
            return False
        return True

    def presign(self, footage: Footage, minutes: int = UPLOAD_MINUTES) -> Upload:
        """Leave to PUT exactly this footage, once: size, type, digest, metadata and `If-None-Match` are signed."""
        url = clients.s3().generate_presigned_url(
            "put_object",
            Params={**_parameters(footage), "ContentLength": footage.size_bytes, "IfNoneMatch": "*"},
            ExpiresIn=minutes * 60,
        )
        headers = {
            "Content-Type": footage.media_type,
            "Content-Length": str(footage.size_bytes),
            "If-None-Match": "*",
            "x-amz-checksum-sha256": _base64(footage.sha256),
            **{f"x-amz-meta-{name}": value for name, value in _metadata(footage).items()},
        }
        return Upload(url, headers, now() + timedelta(minutes=minutes))

    def holds(self, footage: Footage) -> bool:
        """Whether the footage's bytes lie under its key; raises Rejected (`digest_mismatch`) where others do."""
        try:
            found = self.describe(footage.key)
        except NotFound:
            return False
        if (found.sha256, found.size_bytes) != (footage.sha256, footage.size_bytes):
            raise Rejected("digest_mismatch", f"{footage.key} holds other bytes than were declared: declare them anew")
        return True

    def describe(self, key: str) -> Footage:
        """The footage that an object's own metadata tell of.

        Raises NotFound where nothing lies there, Rejected (`malformed_footage`) where the metadata do not describe it.
        """
        try:
            head = clients.s3().head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if error.response["Error"]["Code"] not in MISSING:
                raise
            raise NotFound(f"nothing lies under {key}") from error
        return _footage(self.bucket, key, dict(head))

    def download(self, footage: Footage) -> bytes:
        """The bytes; raises NotFound where they are gone, Rejected (`digest_mismatch`) where they are others."""
        try:
            body = clients.s3().get_object(Bucket=footage.bucket, Key=footage.key)["Body"].read()
        except clients.s3().exceptions.NoSuchKey as error:
            raise NotFound(f"{footage.key} is gone") from error
        if hashlib.sha256(body).hexdigest() != footage.sha256:
            raise Rejected("digest_mismatch", f"the bytes of {footage.key} have another SHA-256: send them again")
        return body

    def quarantine(self, footage: Footage, reason: str, message: str) -> str | None:
        """Copy the object into quarantine, with the reason on it, and return that key; None where it is gone.

        Twice is once. The object itself goes with `remove`, when everybody knows.
        """
        return self.quarantine_object(footage.key, footage.clip_id, reason, message)

    def quarantine_object(self, key: str, name: str, reason: str, message: str) -> str | None:
        """As `quarantine`, for an object that could not be understood as footage."""
        target = _quarantine_key(reason, name)
        try:
            clients.s3().copy_object(
                Bucket=self.bucket,
                Key=target,
                CopySource={"Bucket": self.bucket, "Key": key},
                MetadataDirective="REPLACE",
                Metadata=_why(reason, message, key),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in MISSING:
                raise
            return None
        return target

    def remove(self, key: str) -> None:
        """Take the object out of `clips/`; again is no effect."""
        clients.s3().delete_object(Bucket=self.bucket, Key=key)

    def put_in_quarantine(self, footage: Footage, body: bytes, reason: str, message: str) -> str:
        """Put bytes that were never in the store into quarantine, with the reason on them, and return their key."""
        target = _quarantine_key(reason, footage.clip_id)
        clients.s3().put_object(Bucket=self.bucket, Key=target, Body=body, Metadata=_why(reason, message, footage.key))
        return target

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """Keys under a prefix in their order, from just behind `after` on."""
        pages = (
            clients.s3().get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix, StartAfter=after)
        )
        for page in pages:
            yield from (item["Key"] for item in page.get("Contents", []))


def _parameters(footage: Footage) -> dict[str, Any]:
    return {
        "Bucket": footage.bucket,
        "Key": footage.key,
        "ContentType": footage.media_type,
        "ChecksumSHA256": _base64(footage.sha256),
        "Metadata": _metadata(footage),
    }


def _metadata(footage: Footage) -> dict[str, str]:
    return {
        "camera-id": footage.camera_id,
        "capture-start": utc_text(footage.capture_start),
        "capture-end": utc_text(footage.capture_end),
        "clock-quality": footage.clock_quality,
        "sha256": footage.sha256,
        "retention": footage.retention,
    }


def _footage(bucket: str, key: str, head: dict[str, Any]) -> Footage:
    told = head["Metadata"]
    try:
        footage = Footage.place(
            camera_id=told["camera-id"],
            capture_start=datetime.fromisoformat(told["capture-start"]),
            capture_end=datetime.fromisoformat(told["capture-end"]),
            clock_quality=ClockQuality(told["clock-quality"]),
            sha256=told["sha256"],
            size_bytes=head["ContentLength"],
            media_type=head["ContentType"],
            retention=told.get("retention", "standard"),
            bucket=bucket,
        )
    except (KeyError, ValueError, ValidationError) as error:
        raise Rejected("malformed_footage", f"the metadata of {key} do not describe footage: {error}") from error
    checksum = head.get("ChecksumSHA256")
    if footage.key != key or (checksum and checksum != _base64(footage.sha256)):
        raise Rejected("malformed_footage", f"{key} is not the key or the digest that its metadata state")
    return footage


def _quarantine_key(reason: str, name: str) -> str:
    return f"quarantine/{reason}/{name}"


def _why(reason: str, message: str, key: str) -> dict[str, str]:
    return {"reason": reason, "message": _header_text(message), "from": _header_text(key)}


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def _header_text(message: str) -> str:
    """Metadata travel as headers: printable ASCII, and not too much of it."""
    return message.encode("ascii", "replace").decode().replace("\n", " ")[:1000]
