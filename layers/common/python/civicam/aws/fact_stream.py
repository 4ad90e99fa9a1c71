"""The stream of `clip_facts`, without what judging needs: what a change of an item has to tell the city."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from civicam.aws.packed_facts import unpack
from civicam.contracts.catalogue import read_any
from civicam.contracts.facts import CloudEvent, read_fact
from civicam.contracts.health import Looked
from civicam.contracts.vision import ClipDetected, Sampled


@dataclass(frozen=True)
class Change:
    """A judgement that is new, or that replaced an earlier one."""

    clip_id: str
    run: str
    revision: int
    news: tuple[CloudEvent[Any], ...]
    """The events that the item did not hold before."""
    looked: Looked
    """How well the clip was looked at."""


def read_change(images: Mapping[str, Any]) -> Change | None:
    """The change in a stream record's images (in DynamoDB's own JSON); None for an item that ran out."""
    after = images.get("NewImage")
    if after is None:
        return None
    told, facts = unpack(images.get("OldImage", {})), unpack(after)
    return Change(
        clip_id=after["clip_id"]["S"],
        run=after["run"]["S"],
        revision=int(after["revision"]["N"]),
        news=tuple(read_any(event) for event in facts if event not in told),
        looked=_looked(read_fact(after["detected"]["S"], ClipDetected).data.sampled, facts),
    )


def _looked(sampled: Sampled, facts: Sequence[Mapping[str, Any]]) -> Looked:
    """By what the sampling told; that a camera was moved is known to its facts alone."""
    conditions = {*sampled.conditions, *(name for fact in facts for name in fact["data"].get("conditions", ()))}
    return Looked(
        coverage=sampled.coverage,
        sampling_fps=sampled.sampling_fps,
        asked_fps=sampled.asked_fps,
        conditions=tuple(sorted(conditions)),
    )
