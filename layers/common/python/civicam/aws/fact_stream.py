"""The stream of `clip_facts`, without what judging needs: what a change of an item has to tell the city."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from civicam.aws.packed_facts import unpack
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
    told = unpack(images.get("OldImage", {}))
    return Change(
        clip_id=after["clip_id"]["S"],
        run=after["run"]["S"],
        revision=int(after["revision"]["N"]),
        news=tuple(read_any(event) for event in unpack(after) if event not in told),
    )
