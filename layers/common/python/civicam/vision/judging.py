"""Boxes -> facts: the exact fold of one clip into what is known of its camera.

Judging a clip, or its pieces one after another, gives the same crossings and the same tracks: all that a judgement
knows of earlier footage stands in State.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field, JsonValue

from civicam.contracts.base import Document, Moment
from civicam.contracts.cameras import Profile
from civicam.contracts.facts import ClipFact
from civicam.contracts.ids import digest
from civicam.contracts.vision import ClipBoxes, ClipDetected
from civicam.vision.aim import Aim, aimed, seen_elsewhere, suspension
from civicam.vision.analytic import Analytic, View, start_ms
from civicam.vision.analytics import ANALYTICS
from civicam.vision.drawing import drawn_in
from civicam.vision.mounting import as_tracked
from civicam.vision.tracking import track
from civicam.vision.tracks import TimedFrame, TrackedFrame, TrackerState, TrackSettings

TRACKING = TrackSettings()
MAX_GAP = timedelta(seconds=2)
"""Footage that starts later than this after what was known is another story: nothing was in sight in between."""


class State(Document):
    """What is known of a camera at the end of its footage so far."""

    rules_digest: str = ""
    """The rules that made it: other rules start anew."""
    until: Moment | None = None
    """The latest end of the footage behind it."""
    tracker: TrackerState = TrackerState()
    memory: dict[str, JsonValue] = Field(default_factory=dict)
    """What each analytic remembers, by its name."""
    aim: Aim = Aim()
    """What the camera is aimed at: it outlasts gaps and other rules."""

    @property
    def digest(self) -> str:
        """Equal for equal knowledge."""
        return digest(self.model_dump_json())


EMPTY = State()


@dataclass(frozen=True)
class Judged:
    """What one clip came to."""

    facts: tuple[ClipFact, ...]
    state: State
    tracked: tuple[TrackedFrame, ...]
    """Boxes on tracks by frame, for whoever wants to see them, without frames that an earlier clip showed."""

    @property
    def established(self) -> frozenset[str]:
        """Ids of the tracks that were known to be objects by the end of the clip."""
        return frozenset(
            sighting.track_id for frame in self.tracked for sighting in frame.sightings if sighting.established
        )


def judge(
    profile: Profile,
    clip: ClipDetected,
    boxes: Mapping[str, ClipBoxes],
    before: State,
    *,
    judged_at: datetime,
    analytics: Sequence[Analytic] = ANALYTICS,
) -> Judged:
    """The facts of every analytic that the profile names and whose pass has `boxes`, and what is known after the clip.

    `before` is what was known before it, as `carried` gives it.
    """
    rules = rules_digest(analytics, profile)
    aim = aimed(before.aim, clip, profile)
    drawn = drawn_in(profile, clip.sampled, suspension(aim, clip, profile))
    if aim.away and profile.mount == "fixed":
        clip = seen_elsewhere(clip)
    tracked, tracker = track(before.tracker, _timed(clip, boxes.get("objects")), TRACKING)
    if "objects" in boxes:
        boxes = {**boxes, "objects": as_tracked(boxes["objects"], tracked)}
    facts: list[ClipFact] = []
    memory = dict(before.memory)
    for analytic in analytics:
        if analytic.name in profile.analytics and analytic.reads in boxes:
            view = View(
                profile=drawn.profile,
                suspended=drawn.suspended,
                parameters=analytic.parameters_at(profile),
                clip=clip,
                boxes=boxes[analytic.reads],
                tracked=tracked if analytic.can_follow(clip.sampled.sampling_fps) else (),
                live=frozenset(one.track_id for one in tracker.tracks),
                rules_digest=rules,
                judged_at=judged_at,
            )
            stated, memory[analytic.name] = analytic.judge(view, memory.get(analytic.name))
            facts += stated
    until = max(clip.footage.capture_end, before.until or clip.footage.capture_end)
    known = State(rules_digest=rules_digest(analytics), until=until, tracker=tracker, memory=memory, aim=aim)
    return Judged(tuple(facts), known, tracked)


def carried(state: State | None, start: datetime, analytics: Sequence[Analytic] = ANALYTICS) -> State:
    """What is still known when footage starts at `start`: all of it; after a gap or under other rules the aim alone."""
    if state is None or state.until is None:
        return EMPTY
    goes_on = state.rules_digest == rules_digest(analytics) and start - state.until <= MAX_GAP
    return state if goes_on else State(aim=state.aim)


def rules_digest(analytics: Sequence[Analytic] = ANALYTICS, profile: Profile | None = None) -> str:
    """One digest over the versions and parameters of the tracker and of every analytic, as a profile changes them.

    What is known of a camera bears the digest without its profile: a profile that changes leaves the tracks alone.
    """
    identities = (analytic.identity(analytic.parameters_at(profile) if profile else None) for analytic in analytics)
    return digest(TRACKING.model_dump_json(), str(MAX_GAP), *identities)


def _timed(clip: ClipDetected, boxes: ClipBoxes | None) -> tuple[TimedFrame, ...]:
    """The frames at their capture time, to the millisecond: as exact as the wire is."""
    if boxes is None:
        return ()
    start = start_ms(clip)
    return tuple(
        TimedFrame(frame.index, start + round(frame.time_s * 1000), frame.boxes, boxes.thresholds)
        for frame in boxes.seen()
    )
