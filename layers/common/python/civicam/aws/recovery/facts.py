"""Facts judged from clips: which of them the lake holds, and those of the outbox that never reached it, told again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from civicam.aws import clients
from civicam.aws.lake import Lake
from civicam.aws.lake_reading import read_rows
from civicam.aws.packed_facts import unpack
from civicam.aws.recovery.city import City, Restored, Scope
from civicam.contracts.cameras import Camera
from civicam.contracts.catalogue import FACTS, read_any
from civicam.contracts.facts import ClipFact, CloudEvent
from civicam.contracts.ids import LIVE
from civicam.lake.schemas import TABLES
from civicam.vision.analytics import ANALYTICS

COLUMNS = ("fact_id", "revision", "run", "clip_id", "profile_version")


@dataclass
class Judged:
    """Which clips have which facts, in the lake or on their way to it."""

    stored: set[tuple[str, int]] = field(default_factory=set)
    """(fact_id, revision) of every fact that the lake holds."""
    _kinds: dict[str, set[str]] = field(default_factory=dict)
    _versions: dict[str, int] = field(default_factory=dict)

    def note(self, clip_id: str, kind: str, profile_version: int) -> None:
        """The clip has a live fact of this type, judged under this version of its camera's profile."""
        self._kinds.setdefault(clip_id, set()).add(kind)
        self._versions[clip_id] = profile_version

    def is_whole(self, clip_id: str, camera: Camera | None) -> bool:
        """Whether the clip needs no judging: it has the facts that its camera's profile promises of each clip.

        What was judged under another version than the present is whole as it is: judged again, it would get facts with
        other ids beside those that it has, and count twice.
        """
        if clip_id not in self._kinds:
            return False
        if camera is None or self._versions[clip_id] != camera.version:
            return True
        named = [one for one in ANALYTICS if one.in_every_clip and one.name in camera.profile.analytics]
        wanted = {analytic.states.TYPE for analytic in named}
        return wanted <= self._kinds[clip_id]


def read_judged(lake: Lake, since: datetime) -> Judged:
    """What the lake holds of facts judged from clips that were captured since then."""
    judged = Judged()
    for kind in FACTS:
        if issubclass(kind, ClipFact):
            for row in read_rows(lake, TABLES[kind.TYPE], COLUMNS, since):
                judged.stored.add((row["fact_id"], row["revision"]))
                if row["run"] == LIVE:
                    judged.note(row["clip_id"], kind.TYPE, row["profile_version"])
    return judged


def tell_facts_again(city: City, scope: Scope, judged: Judged) -> Restored:
    """Publish the outbox's facts that the lake does not hold, and add all of the outbox to what is `judged`."""
    found = repaired = 0
    for events in _outbox(city.facts_table, scope.since):
        found += len(events)
        lost = [event for event in events if _is_lost(event.data, judged, scope)]
        repaired += len(lost)
        if not scope.dry_run:
            city.intake.bus.publish(lost)
        for fact in (event.data for event in events):
            if fact.run == LIVE:
                judged.note(fact.clip_id, fact.TYPE, fact.profile_version)
    return Restored("facts", found, repaired)


def _is_lost(fact: ClipFact, judged: Judged, scope: Scope) -> bool:
    return (fact.fact_id, fact.revision) not in judged.stored and fact.judged_at < scope.settled


def _outbox(table: str, since: datetime) -> Iterator[list[CloudEvent[Any]]]:
    """The facts of each clip and run in `clip_facts`, of those clips that were captured since then."""
    pages = clients.dynamodb().get_paginator("scan").paginate(TableName=table, ProjectionExpression="facts")
    for item in (item for page in pages for item in page["Items"]):
        events = list(map(read_any, unpack(item)))
        if events and events[0].data.capture_start >= since:
            yield events
