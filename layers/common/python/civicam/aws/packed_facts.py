"""A judgement's facts as its item in `clip_facts` holds them: one gzipped list, for tables are paid by the kilobyte."""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from civicam.contracts.facts import CloudEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

NAME = "facts"


def pack(events: Iterable[CloudEvent[Any]]) -> "AttributeValueTypeDef":
    """The attribute; the same facts give the same bytes."""
    documents = ",".join(event.model_dump_json() for event in events)
    return {"B": gzip.compress(f"[{documents}]".encode(), mtime=0)}


def unpack(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The facts' documents in an item, or in its image in the stream, whose bytes are base64; empty where it has none.

    Items of before hold a list of texts: they stay for 30 days.
    """
    held = item.get(NAME, {"L": []})
    if "L" in held:
        return [json.loads(fact["S"]) for fact in held["L"]]
    body = base64.b64decode(held["B"]) if isinstance(held["B"], str) else held["B"]
    documents: list[dict[str, Any]] = json.loads(gzip.decompress(body))
    return documents
