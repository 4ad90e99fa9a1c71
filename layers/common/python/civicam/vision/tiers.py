"""Which cameras' clips go to which tier: by how long clips wait, and not back and forth with every gust.

Cameras move to the GPU tier by their priority, the lowest first: while its first worker starts, which takes minutes,
only clips wait there that can. The others follow while the Lambda tier is still pressed and a GPU worker is at work.
"""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from civicam.contracts.base import Document, Moment
from civicam.contracts.cameras import Profile, Tier

PRIORITIES: tuple[Literal["low", "normal", "high"], ...] = ("low", "normal", "high")
PRESSED_SECONDS, RELAXED_SECONDS = 30.0, 5.0
"""Above the one the Lambda tier is pressed, up to the other it is relaxed: between them everything stays as it is."""
PRESSED_ROUNDS, RELAXED_ROUNDS = 10, 1
"""The same where no age is known: waiting clips by how many are analysed at once."""
LATE_SECONDS = 120.0
"""A GPU tier whose clips wait so long serves nobody: its cameras go back, whatever waits elsewhere."""
DWELL = timedelta(minutes=10)
"""Nothing changes again within this time: an instance takes three to six minutes to come."""


class Backlog(Document):
    """What waits in a queue; the age of its oldest message is unknown where nobody measures it."""

    waiting: int
    oldest_seconds: float | None = None

    def is_pressed(self, at_once: int) -> bool:
        """Whether clips wait too long, if `at_once` are worked on at a time."""
        if self.oldest_seconds is None:
            return self.waiting >= PRESSED_ROUNDS * at_once
        return self.oldest_seconds >= PRESSED_SECONDS

    def is_relaxed(self, at_once: int) -> bool:
        """Whether hardly any clip waits."""
        if self.oldest_seconds is None:
            return self.waiting <= RELAXED_ROUNDS * at_once
        return self.oldest_seconds <= RELAXED_SECONDS


class GpuTier(Document):
    """The GPU tier: what waits for it, how many of its workers run, and how many may."""

    backlog: Backlog
    running: int
    most: int

    @property
    def is_late(self) -> bool:
        """Whether it does not get its clips done: they wait too long, or for a worker that does not come."""
        old = self.backlog.oldest_seconds is not None and self.backlog.oldest_seconds >= LATE_SECONDS
        return self.most == 0 or old or (self.running == 0 and self.backlog.waiting > 0)


class TierSetting(Document):
    """Where the city sends clips: so many priorities, from the lowest, go to the GPU tier."""

    version: int = Field(default=0, ge=0)
    on_gpu: int = Field(default=0, ge=0, le=len(PRIORITIES))
    since: Moment
    why: str = "nothing was ever pressed"

    def effective(self, profile: Profile) -> Profile:
        """The profile with the tier that counts: its own where it names one, else the city's for its priority."""
        sent = Tier.GPU if PRIORITIES.index(profile.priority) < self.on_gpu else Tier.LAMBDA
        return profile if profile.tier else profile.model_copy(update={"tier": sent})


def next_setting(standing: TierSetting, clips: Backlog, gpu: GpuTier, *, at_once: int, at: datetime) -> TierSetting:
    """What holds from now on; the standing setting itself where nothing changes. `clips` wait for the Lambda tier."""
    if at < standing.since + DWELL:
        return standing
    on_gpu, why = _wanted(standing.on_gpu, clips, gpu, at_once)
    if on_gpu == standing.on_gpu:
        return standing
    return TierSetting(version=standing.version + 1, on_gpu=on_gpu, since=at, why=why)


def _wanted(on_gpu: int, clips: Backlog, gpu: GpuTier, at_once: int) -> tuple[int, str]:
    if gpu.is_late:
        return 0, "the GPU tier is late, or there is none"
    if clips.is_pressed(at_once) and (on_gpu == 0 or gpu.running > 0):
        return min(on_gpu + 1, len(PRIORITIES)), "clips wait too long for the Lambda tier"
    if clips.is_relaxed(at_once):
        return max(on_gpu - 1, 0), "hardly any clip waits for the Lambda tier"
    return on_gpu, "neither pressed nor relaxed"
