"""How a replay is cut into batches, and what it takes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from civicam.contracts.base import utc_text
from civicam.contracts.cameras import Profile
from civicam.contracts.ids import digest
from civicam.contracts.replay import Batch, Estimate, Overrides, ReplayWish
from civicam.vision.judging import MAX_GAP
from civicam.vision.prices import SINGAPORE, Prices

BATCH_SECONDS = 600.0
"""Work in a batch: enough that a task's start does not matter, little enough to be done again."""
MOST_WORK = 2 * BATCH_SECONDS
"""Where footage has no gap a batch ends here: what follows starts from another state, and is judged again for it."""
TASK_START_SECONDS = 45.0
"""To fetch the image and load the models (Fargate bills from the fetch on)."""
TASK_VCPUS, TASK_GB = 1, 4
DECODED_FRAME_SECONDS = 0.0035
KEY_FRAME_SECONDS = 0.020
"""CPU seconds to decode one frame of 1080p H.264, and one key frame by itself (measured on one thread)."""
SOURCE_FPS = 25.0
JUDGED_CLIP_SECONDS = 0.05
"""To read a clip's boxes and to judge it."""
WRITES_PER_CLIP, PUTS_PER_CLIP, GETS_PER_CLIP, TRANSITIONS_PER_BATCH = 8, 2, 4, 3


@dataclass(frozen=True)
class Span:
    """One stored clip: when its footage begins and ends."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True)
class Work:
    """CPU seconds that one second of a camera's footage takes at most: its decoding and its detectors' frames."""

    per_second: float

    @classmethod
    def of(cls, sampling_fps: float, frame_ms: Sequence[float]) -> "Work":
        """At this sampling rate, by models that take so long for a frame; nothing where no model looks anew."""
        if not frame_ms:
            return cls(0.0)
        decoding = KEY_FRAME_SECONDS if sampling_fps <= 1 else SOURCE_FPS * DECODED_FRAME_SECONDS
        return cls(decoding + sampling_fps * sum(frame_ms) / 1000)

    def on(self, span: Span) -> float:
        """On one clip."""
        return JUDGED_CLIP_SECONDS + self.per_second * span.seconds


def batches(camera_id: str, spans: Iterable[Span], work: Work, first: int) -> Iterator[Batch]:
    """A camera's clips, in the order of time, in batches numbered from `first`.

    A batch that is full ends at the next gap in the footage, behind which nothing is known of what was before: so the
    batches of one camera, which run beside each other, seldom depend on each other.
    """
    held: list[Span] = []
    done = 0.0
    for span in spans:
        is_apart = bool(held) and span.start - max(one.end for one in held[-2:]) > MAX_GAP
        if held and done >= (BATCH_SECONDS if is_apart else MOST_WORK):
            yield _batch(first, camera_id, held)
            first, held, done = first + 1, [], 0.0
        held.append(span)
        done += work.on(span)
    if held:
        yield _batch(first, camera_id, held)


def _batch(number: int, camera_id: str, held: Sequence[Span]) -> Batch:
    return Batch(
        batch=number,
        camera_id=camera_id,
        start=held[0].start,
        end=held[-1].start + timedelta(milliseconds=1),
        clips=len(held),
        clip_seconds=sum(span.seconds for span in held),
    )


@dataclass
class Tally:
    """What the batches so far come to."""

    clips: int = 0
    clip_seconds: float = 0.0
    cpu_seconds: float = 0.0
    batches: int = 0

    def add(self, batch: Batch, work: Work) -> None:
        """Count one more."""
        self.clips += batch.clips
        self.clip_seconds += batch.clip_seconds
        self.cpu_seconds += batch.clips * JUDGED_CLIP_SECONDS + batch.clip_seconds * work.per_second
        self.batches += 1

    def estimate(self, prices: Prices = SINGAPORE) -> Estimate:
        """What that takes at most."""
        hours = TASK_VCPUS * (self.cpu_seconds + self.batches * TASK_START_SECONDS) / 3600
        usd = hours * (prices.vcpu_hour + TASK_GB / TASK_VCPUS * prices.gb_hour)
        usd += self.clips * WRITES_PER_CLIP * prices.writes_million / 1e6
        usd += self.clips * (PUTS_PER_CLIP * prices.s3_puts_thousand + GETS_PER_CLIP * prices.s3_gets_thousand) / 1000
        usd += self.batches * TRANSITIONS_PER_BATCH * prices.transitions_thousand / 1000
        return Estimate(
            clips=self.clips,
            clip_seconds=round(self.clip_seconds, 1),
            cpu_seconds=round(self.cpu_seconds, 1),
            vcpu_hours=round(hours, 3),
            usd=round(usd, 4),
            prices_of=prices.region_and_month,
        )


def run_id(wish: ReplayWish, planned_at: datetime) -> str:
    """`20261124t104500-1f3a9c`: sorts by time as text, and may stand in keys."""
    moment = utc_text(planned_at)
    compact = moment[:19].replace("-", "").replace(":", "").lower()
    return f"{compact}-{digest(wish.model_dump_json(), moment)[:6]}"


def overridden(profile: Profile, overrides: Overrides) -> Profile:
    """The profile with the replay's parameters laid over its own."""
    parameters = {name: dict(changes) for name, changes in profile.parameters.items()}
    for name, changes in overrides.parameters.items():
        parameters[name] = parameters.get(name, {}) | changes
    return profile.model_copy(update={"parameters": parameters})
