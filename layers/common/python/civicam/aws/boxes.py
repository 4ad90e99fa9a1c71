"""Boxes in S3: what a detector saw in a clip, as gzipped JSON behind an s3:// address."""

import gzip
from urllib.parse import urlsplit

from civicam.aws import clients
from civicam.contracts.errors import Inconsistent
from civicam.contracts.vision import ClipBoxes


def write_boxes(address: str, boxes: ClipBoxes) -> None:
    """Put the document at the address; the same boxes are the same bytes."""
    bucket, key = _place(address)
    body = gzip.compress(boxes.model_dump_json().encode(), mtime=0)
    clients.s3().put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/gzip")


def read_boxes(address: str) -> ClipBoxes:
    """The document at the address; raises Inconsistent where a fact names one that is not there."""
    bucket, key = _place(address)
    try:
        body = clients.s3().get_object(Bucket=bucket, Key=key)["Body"].read()
    except clients.s3().exceptions.NoSuchKey as error:
        raise Inconsistent(f"there are no boxes at {address}: detect the clip again") from error
    return ClipBoxes.model_validate_json(gzip.decompress(body))


def _place(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc or not parts.path.strip("/"):
        raise Inconsistent(f"{address!r} is no s3:// address of an object")
    return parts.netloc, parts.path.lstrip("/")
