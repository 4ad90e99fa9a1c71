"""The judging fold over scripted clips, one after the other."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

from civicam.contracts.cameras import Profile
from civicam.contracts.facts import ClipFact
from civicam.vision.judging import EMPTY, Judged, State, carried, judge
from tests.fakes.scenes import SceneClip

Fact = TypeVar("Fact", bound=ClipFact)


def judged(clip: SceneClip, profile: Profile, before: State = EMPTY) -> Judged:
    """One clip, a second after its end, with what was known before it."""
    footage = clip.detected.footage
    known = carried(before, footage.capture_start)
    return judge(profile, clip.detected, clip.boxes, known, judged_at=footage.capture_end + timedelta(seconds=1))


def in_order(clips: Iterable[SceneClip], profile: Profile) -> list[Judged]:
    """All of them, each with what was known after the one before."""
    state, done = EMPTY, []
    for clip in clips:
        done.append(judged(clip, profile, state))
        state = done[-1].state
    return done


def facts_of(kind: type[Fact], clips: Iterable[SceneClip], profile: Profile) -> tuple[list[Fact], State]:
    """The facts of that kind, in order, and what is known in the end."""
    done = in_order(clips, profile)
    return [fact for one in done for fact in one.facts if isinstance(fact, kind)], done[-1].state
