"""Choosing which cameras are analysed, each minute; and when each of them was."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from civicam.aws.allocations import Allocations, Standing
from civicam.aws.bus import Bus
from civicam.aws.environment import setting
from civicam.aws.health import HealthTable
from civicam.aws.registry import Registry
from civicam.cameras.allocation import Allocation, allocate, analysed_in, changes, fact_of
from civicam.cameras.candidates import candidate
from civicam.cameras.coverage import Stretch
from civicam.contracts.allocation import Budget
from civicam.contracts.facts import CloudEvent


@dataclass(frozen=True)
class Round:
    """What one round came to."""

    analysed: int
    candidates: int
    changes: int
    told: int


@dataclass(frozen=True)
class AllocatedTimes:
    """When each camera was analysed in a period."""

    period: Stretch
    changes: Mapping[str, list[tuple[datetime, bool]]]
    standing: Allocation

    @classmethod
    def of(cls, period: Stretch) -> Self:
        """By this stack's table."""
        table, found = Allocations.from_env(), dict[str, list[tuple[datetime, bool]]]()
        for _, verdicts in table.changed_since(period.start):
            for camera_id, verdict in verdicts.items():
                found.setdefault(camera_id, []).append((verdict.since, verdict.analysed))
        return cls(period, found, table.standing().allocation)

    def at(self, camera_id: str) -> tuple[Stretch, ...] | None:
        """Of one camera; None where all the time."""
        return analysed_in(self.changes.get(camera_id, ()), self.standing.analyses(camera_id), self.period)


@dataclass(frozen=True)
class Allocator:
    """Chooses for all cameras at once, and tells what changed."""

    allocations: Allocations
    registry: Registry
    health: HealthTable
    bus: Bus
    budget: Budget
    """The environment's own, where nobody set another."""

    @classmethod
    def from_env(cls) -> Self:
        """By this stack's tables and bus, and ANALYSED_BUDGET."""
        return cls(
            Allocations.from_env(),
            Registry.from_env(),
            HealthTable.from_env(),
            Bus.from_env(),
            Budget.model_validate_json(setting("ANALYSED_BUDGET")),
        )

    def choose(self, at: datetime) -> Round:
        """One round; each part of it may be repeated."""
        standing = self.allocations.standing()
        wishes, requests, health = self.allocations.wishes()[0], self.allocations.requests(at), self.health.current()
        found = (
            candidate(
                camera,
                health[camera.camera_id].health if camera.camera_id in health else None,
                requests.get(camera.camera_id),
                wishes.occasions,
                at,
            )
            for camera in self.registry.all()
        )
        candidates = [one for one in found if one]
        wanted = allocate(candidates, wishes.budget or self.budget, standing.allocation, at)
        news = changes(standing.allocation, wanted)
        if wanted is not standing.allocation:
            if not self.allocations.put(wanted, standing):
                return Round(len(standing.allocation.analysed), len(candidates), 0, 0)
            standing = replace(standing, allocation=wanted)
        return Round(len(wanted.analysed), len(candidates), len(news), self._tell(standing))

    def _tell(self, standing: Standing) -> int:
        """Say what is not said yet, in the cameras' own items and on the bus; and how many facts that were."""
        if standing.told >= standing.allocation.version:
            return 0
        facts = [
            CloudEvent.of(fact_of(camera_id, verdict, version))
            for version, verdicts in reversed([*self.allocations.untold(standing.told)])
            for camera_id, verdict in verdicts.items()
        ]
        self.allocations.mark(standing.allocation)
        self.bus.publish(facts)
        self.allocations.told(standing.allocation.version)
        return len(facts)
