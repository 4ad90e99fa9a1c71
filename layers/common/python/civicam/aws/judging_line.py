"""Judging a clip in the line of its camera and run: first the clip, then those after it that would start otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from civicam.aws.clip_facts import ClipFacts
from civicam.aws.registry import Registry
from civicam.aws.work import WorkStore
from civicam.contracts.base import now
from civicam.contracts.errors import Unavailable
from civicam.contracts.facts import CloudEvent
from civicam.contracts.replay import Overrides
from civicam.contracts.vision import ClipDetected
from civicam.vision.judging import Judged, State, judge
from civicam.vision.replaying import overridden
from civicam.vision.succession import Judgement, judged_first, mended

NOTHING = Overrides()


@dataclass(frozen=True)
class JudgingLine:
    """The table of judgements, and what a judgement is made from."""

    table: ClipFacts
    registry: Registry
    work: WorkStore
    overrides: Overrides = NOTHING
    shared: bool = False
    """Whether others work on the line at the same time. Then each writes its clip first and looks back and ahead after
    that: so of two neighbours, one at least sees what the other wrote."""

    @classmethod
    def from_env(cls, overrides: Overrides | None = None, *, shared: bool = False) -> Self:
        """By this stack's tables and stores."""
        stores = ClipFacts.from_env(), Registry.from_env(), WorkStore.from_env()
        return cls(*stores, overrides=overrides or NOTHING, shared=shared)

    def judge(self, detected: CloudEvent[ClipDetected]) -> Iterator[Judgement]:
        """Judge the clip, once, then those after it as they need it; each judgement as it is written.

        Raises Unavailable where somebody else judged the same clip just now.
        """
        clip = detected.data
        standing, before = self.table.standing(clip)
        if standing is None:
            standing = judged_first(detected, before, self._judge_from)
            if not self.table.put_once(standing):
                raise Unavailable(f"clip {clip.footage.clip_id} was judged by somebody else just now")
            yield standing
        behind = self.table.predecessor(clip) if self.shared else None
        yield from self._mend(behind or standing)

    def _mend(self, first: Judgement) -> Iterator[Judgement]:
        for revised in mended(first, self.table.successors(first.clip), self._judge_from):
            self.table.put_revision(revised)
            yield revised

    def _judge_from(self, clip: ClipDetected, before: State) -> Judged:
        """The clip judged by the profile that it was sampled for, from its stored boxes."""
        camera = self.registry.camera_version(clip.camera_id, clip.profile_version)
        boxes = self.work.boxes(clip.boxes)
        return judge(overridden(camera.profile, self.overrides), clip, boxes, before, judged_at=now())
