"""The stream of `clip_facts`, without what judging needs: what a change of an item has to tell the city."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from civicam.contracts.catalogue import read_any
from civicam.contracts.facts import CloudEvent


@dataclass(frozen=True)
class Change:
    """A judgement that is new, or that replaced an earlier one."""

    clip_id: str
    run: str
    revision: int
    news: tuple[CloudEvent[Any], ...]
    """The events that the item did not hold before."""


def read_change(images: Mapping[str, Any]) -> Change | None:
    """The change in a stream record's images (in DynamoDB's own JSON); None for an item that ran out."""
    after = images.get("NewImage")
    if after is None:
        return None
    told = set(_events(images.get("OldImage", {})))
    return Change(
        clip_id=after["clip_id"]["S"],
        run=after["run"]["S"],
        revision=int(after["revision"]["N"]),
        news=tuple(read_any(json.loads(event)) for event in _events(after) if event not in told),
    )


def _events(item: Mapping[str, Any]) -> list[str]:
    return [event["S"] for event in item.get("facts", {"L": []})["L"]]
