"""Errands: the queue that spreads a minute's over that minute, who fills it, and who runs them."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Self

from civicam.aws import clients
from civicam.aws.allocations import Allocations
from civicam.aws.environment import setting
from civicam.aws.leases import Leases
from civicam.aws.pulling import Puller
from civicam.aws.queues import MESSAGES_PER_CALL
from civicam.aws.registry import Registry
from civicam.aws.sources import Sources
from civicam.cameras.circuit import CLOSED
from civicam.cameras.errands import Done, Errand, Run, due, host_key, run
from civicam.cameras.planning import Memory, MinutePlan, PullLimits, Situation, plan_minute
from civicam.cameras.pulls import delay_seconds
from civicam.contracts.base import Document, now
from civicam.contracts.errors import Unavailable

HELD_SECONDS = 60
"""A turn is held no longer than an errand can last: a worker that died gives it back by that."""
AGAIN_SECONDS = 5
REMEMBERED = 5_000
"""Cameras of which nothing was read that are remembered from minute to minute: as many as one item holds."""
_MEMORY = {"lease": {"S": "memory"}}


@dataclass(frozen=True)
class ErrandQueue:
    """The queue of errands."""

    url: str

    @classmethod
    def from_env(cls) -> Self:
        """The queue of PULL_QUEUE_URL."""
        return cls(setting("PULL_QUEUE_URL"))

    def send(self, errands: Iterable[Errand], at: datetime, *, least_seconds: int = 0) -> int:
        """Send each so that it arrives when it is due, and say how many; raises Unavailable for any not taken."""
        sent, rest = 0, iter(errands)
        while batch := tuple(islice(rest, MESSAGES_PER_CALL)):
            entries = [
                {
                    "Id": str(index),
                    "MessageBody": errand.model_dump_json(exclude_defaults=True),
                    "DelaySeconds": max(least_seconds, delay_seconds(due(errand.pulls), at)),
                }
                for index, errand in enumerate(batch)
            ]
            answer = clients.sqs().send_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]
            if answer.get("Failed"):
                raise Unavailable(f"the pull queue refused {len(answer['Failed'])} of {len(entries)} messages")
            sent += len(batch)
        return sent

    def waiting(self) -> int:
        """Errands that are due and that no worker took in hand yet, about."""
        told = clients.sqs().get_queue_attributes(QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(told["Attributes"]["ApproximateNumberOfMessages"])


@dataclass(frozen=True)
class MinutePlanner:
    """Plans a minute from what stands in the city's tables."""

    registry: Registry
    sources: Sources
    queue: ErrandQueue
    turns_table: str
    limits: PullLimits
    allocations: Allocations

    @classmethod
    def from_env(cls) -> Self:
        """By PULL_LIMITS, TURNS_TABLE and the tables of cameras, sources and the allocation."""
        limits = PullLimits.model_validate_json(setting("PULL_LIMITS"))
        return cls(
            Registry.from_env(),
            Sources.from_env(),
            ErrandQueue.from_env(),
            setting("TURNS_TABLE"),
            limits,
            Allocations.from_env(),
        )

    def plan(self, minute: datetime, at: datetime) -> MinutePlan:
        """Send the errands of a minute; planned again it does no harm. Raises Unavailable."""
        before = self._memory()
        backlog = self.queue.waiting() * before.pulls_an_errand
        situation = Situation(
            limits=self.limits,
            circuits=self.sources.circuits(),
            memory=before.memory,
            watched=self.allocations.standing().allocation.passed_over,
            backlog=round(backlog),
        )
        planned = plan_minute(self.registry.all(), minute, situation)
        self.queue.send(planned.errands, at)
        self._remember(planned)
        return planned

    def _memory(self) -> "_Remembered":
        item = clients.dynamodb().get_item(TableName=self.turns_table, Key=_MEMORY).get("Item")
        return _Remembered.model_validate_json(item["document"]["S"]) if item else _Remembered()

    def _remember(self, planned: MinutePlan) -> None:
        longest = sorted(planned.memory.waited.items(), key=lambda one: -one[1])[:REMEMBERED]
        memory = planned.memory.model_copy(update={"waited": dict(longest)})
        kept = _Remembered(memory=memory, pulls_an_errand=planned.pulls / max(1, len(planned.errands)))
        clients.dynamodb().put_item(
            TableName=self.turns_table, Item={**_MEMORY, "document": {"S": kept.model_dump_json()}}
        )


class _Remembered(Document):
    memory: Memory = Memory()
    pulls_an_errand: float = 1.0


@dataclass(frozen=True)
class ErrandRunner:
    """Runs errands: in turn, in bounded time, with the circuits kept up to date."""

    puller: Puller
    sources: Sources
    queue: ErrandQueue
    turns: Leases
    clock: Callable[[], datetime] = now

    @classmethod
    def from_env(cls) -> Self:
        """The runner of this stack's tables, queue and puller."""
        turns = Leases(setting("TURNS_TABLE"), seconds=HELD_SECONDS)
        return cls(Puller.from_env(), Sources.from_env(), ErrandQueue.from_env(), turns)

    def run(self, errand: Errand) -> Run:
        """Run it; what is left of it is sent again where it is worth it. Raises Unavailable while others have turn."""
        if self.clock() >= errand.until:
            return Run((), errand.pulls)
        with ExitStack() as held:
            for turn in errand.turns:
                held.enter_context(self.turns.hold_one([f"{turn.name}/{slot}" for slot in range(turn.slots)]))
            ran = run(errand, self.puller.pull, self.clock)
        for done in ran.done:
            self._note(errand, done)
        if errand.host:
            self._note_host(errand, works=ran.host_works(errand))
        if rest := ran.rest(errand, self.clock()):
            self.queue.send([rest], self.clock(), least_seconds=AGAIN_SECONDS)
        return ran

    def _note(self, errand: Errand, done: Done) -> None:
        camera_id = done.pull.camera_id
        was = errand.circuits.get(camera_id, CLOSED)
        if done.failed:
            asked = done.error.asked_seconds if isinstance(done.error, Unavailable) else None
            self.sources.failed(camera_id, was, self.clock(), asked)
        elif done.answered and was != CLOSED:
            self.sources.mended(camera_id, was)

    def _note_host(self, errand: Errand, *, works: bool | None) -> None:
        key = host_key(errand.host)
        was = errand.circuits.get(key, CLOSED)
        if works is False:
            self.sources.failed(key, was, self.clock())
        elif works and was != CLOSED:
            self.sources.mended(key, was)
