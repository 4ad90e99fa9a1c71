"""What the demo saw, and whether it was all that it expected."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel

from civicam.contracts.base import now
from civicam.contracts.cameras import ClipRejected, ClipStored
from civicam.contracts.facts import ClipFact, CloudEvent, Fact
from civicam.contracts.vision import ClipAbandoned, CrowdMeasured, FacesSeen, VehiclesCounted
from civicam.contracts.watch import Alert, AlertRaised

JUDGED: tuple[type[ClipFact], ...] = (VehiclesCounted, CrowdMeasured, FacesSeen)
"""One of each is expected for every clip of a camera that asks for all three analytics."""


class Spread(BaseModel):
    """Seconds at the middle and near the end of a set of measurements; null where there were none."""

    p50: float | None
    p95: float | None

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Spread":
        """Nearest-rank percentiles."""
        ordered = sorted(seconds)

        def rank(share: float) -> float | None:
            return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3) if ordered else None

        return cls(p50=rank(0.50), p95=rank(0.95))


class Latency(BaseModel):
    """From the moment a clip closed (the end of its capture) to its fact and to its alert."""

    fact: Spread
    alert: Spread


class Report(BaseModel):
    """The document `var/demo/report.json`."""

    clips: int
    facts: dict[str, int]
    alerts: int
    webhooks_verified: int
    """Alerts that arrived at the receiver, each with a right signature."""
    lake_rows: dict[str, int]
    """Rows of this demo's facts by table: as many as facts, however often each was delivered."""
    latency_s: Latency
    api_url: str
    left_out: list[str]
    first_fact_s: float | None
    """Seconds from the start of the command to the first judged fact."""
    missing: list[str]
    """What was expected and did not come; empty when the demo succeeded."""


@dataclass
class Observed:
    """Everything that the tap has brought so far."""

    began: datetime = field(default_factory=now)
    facts: dict[str, Fact] = field(default_factory=dict)
    """By the id of its event: each once, however often the bus delivered it."""
    clips: dict[str, ClipStored] = field(default_factory=dict)
    judged: dict[str, set[str]] = field(default_factory=dict)
    """clip_id -> the types of fact that were judged from it."""
    ended: set[str] = field(default_factory=set)
    """Clips that were rejected or given up: nothing more will come of them."""
    alerts: dict[str, Alert] = field(default_factory=dict)
    fact_seconds: list[float] = field(default_factory=list)
    alert_seconds: list[float] = field(default_factory=list)
    first_fact: datetime | None = None

    def take(self, event: CloudEvent[Fact], received: datetime) -> bool:
        """Note one event; False for one that was delivered before (the bus promises at least once)."""
        if event.id in self.facts:
            return False
        self.facts[event.id] = event.data
        match event.data:
            case ClipStored() as stored:
                self.clips[stored.footage.clip_id] = stored
            case ClipRejected() | ClipAbandoned() as lost:
                self.ended.add(lost.clip_id)
            case ClipFact() as fact:
                self.first_fact = self.first_fact or received
                self.judged.setdefault(fact.clip_id, set()).add(event.type)
                self.fact_seconds.append((received - fact.capture_end).total_seconds())
            case AlertRaised() as raised:
                self.alerts[raised.alert.alert_id] = raised.alert
                self.alert_seconds.append((received - raised.alert.capture_end).total_seconds())
            case _:
                pass
        return True

    def open_clips(self) -> set[str]:
        """Clips that are stored and neither judged by every analytic nor ended otherwise."""
        whole = {kind.TYPE for kind in JUDGED}
        return {clip for clip in self.clips if clip not in self.ended and not self.judged.get(clip, set()) >= whole}

    def counts(self) -> Counter[str]:
        """Facts by type."""
        return Counter(fact.TYPE for fact in self.facts.values())

    def latency(self) -> Latency:
        """So far."""
        return Latency(fact=Spread.of(self.fact_seconds), alert=Spread.of(self.alert_seconds))
