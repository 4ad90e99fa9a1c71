"""Minutes of pulling in virtual time: the planner and the errands' own rules; workers, hosts and queue are made up."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from civicam.cameras.circuit import CLOSED, Circuit
from civicam.cameras.errands import Errand, SourceAway, due, host_key, run
from civicam.cameras.planning import Memory, MinutePlan, PullLimits, Situation, host_of, plan_minute
from civicam.cameras.pulls import MINUTE, Pull, is_late
from civicam.contracts.cameras import Camera, HttpSource

BUSY_SECONDS = 6.0
"""Until an errand whose turn it is not comes again, as pull_clips puts it off."""


@dataclass
class Reading:
    """One request to a host, from its start to its end."""

    camera_id: str
    host: str
    start: datetime
    end: datetime
    late_s: float


@dataclass
class VirtualPulling:
    """A city whose hosts answer after `latency(host)` seconds; None is a host that never does (its 20 s are over)."""

    cameras: Sequence[Camera]
    limits: PullLimits
    latency: Callable[[str, datetime], float | None]
    start: datetime
    dead: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()
    readings: list[Reading] = field(default_factory=list)
    plans: list[MinutePlan] = field(default_factory=list)
    circuits: dict[str, Circuit] = field(default_factory=dict)
    dropped: int = 0

    def __post_init__(self) -> None:
        self._of = {camera.camera_id: camera for camera in self.cameras}
        self._queue: list[tuple[datetime, int, Errand]] = []
        self._free = [self.start] * self.limits.workers
        self._turns: defaultdict[str, list[datetime]] = defaultdict(list)
        self._number = count()
        self._memory = Memory()

    def run(self, minutes: int) -> None:
        """Plan each minute as it comes, and let the workers work."""
        for number in range(minutes):
            minute = self.start + number * MINUTE
            self._work_until(minute)
            backlog = sum(len(errand.pulls) for at, _, errand in self._queue if at < minute)
            situation = Situation(self.limits, dict(self.circuits), self._memory, self.watched, backlog)
            planned = plan_minute(self.cameras, minute, situation)
            self._memory = planned.memory
            self.plans.append(planned)
            for errand in planned.errands:
                self._put(due(errand.pulls), errand)
        self._work_until(self.start + (minutes + 2) * MINUTE)

    def _put(self, at: datetime, errand: Errand) -> None:
        heapq.heappush(self._queue, (at, next(self._number), errand))

    def _work_until(self, end: datetime) -> None:
        while self._queue:
            worker = min(range(len(self._free)), key=self._free.__getitem__)
            at = max(self._queue[0][0], self._free[worker])
            if at >= end:
                return
            errand = heapq.heappop(self._queue)[2]
            self._free[worker] = self._errand(errand, at)

    def _errand(self, errand: Errand, at: datetime) -> datetime:
        if at >= errand.until:
            self.dropped += len(errand.pulls)
            return at
        if any(sum(held > at for held in self._turns[turn.name]) >= turn.slots for turn in errand.turns):
            self._put(at + timedelta(seconds=BUSY_SECONDS), errand)
            return at
        clock = _Clock(at)
        ran = run(errand, lambda pull: self._pull(pull, clock), clock)
        for turn in errand.turns:
            self._turns[turn.name] = [held for held in self._turns[turn.name] if held > at] + [clock.at]
        for done in ran.done:
            self._note(done.pull.camera_id, clock.at, works=False if done.failed else done.answered or None)
        if errand.host:
            self._note(host_key(errand.host), clock.at, works=ran.host_works(errand))
        if rest := ran.rest(errand, clock.at):
            self._put(clock.at, rest)
        return clock.at

    def _note(self, key: str, at: datetime, *, works: bool | None) -> None:
        if works is False:
            self.circuits[key] = self.circuits.get(key, CLOSED).failed(key, at)
        elif works:
            self.circuits.pop(key, None)

    def _pull(self, pull: Pull, clock: "_Clock") -> str:
        camera = self._of[pull.camera_id]
        assert isinstance(camera.source, HttpSource)
        if pull.action == "close":
            return "stored"
        if is_late(pull, camera.source, clock.at):
            self.dropped += 1
            return "late"
        host, start = host_of(camera.source.url), clock.at
        seconds = None if pull.camera_id in self.dead else self.latency(host, start)
        clock.at += timedelta(seconds=20 if seconds is None else seconds)
        late_s = (start - pull.at).total_seconds()
        self.readings.append(Reading(pull.camera_id, host, start, clock.at, late_s))
        if seconds is None:
            raise SourceAway("the source took more than 20 s")
        return "kept"


@dataclass
class _Clock:
    at: datetime

    def __call__(self) -> datetime:
        return self.at
