"""The table of judgements in memory, and a judge who works through it as judge_clip does."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from civicam.contracts.cameras import Profile
from civicam.contracts.facts import ClipFact, CloudEvent
from civicam.contracts.vision import ClipDetected, VehiclesCounted
from civicam.vision.judging import Judged, State, judge
from civicam.vision.succession import Judgement, judged_first, mended, moment
from tests.fakes.scenes import SceneClip


class Bench:
    """Takes clips as they come. `told`: every event that was ever published, in the order of publication."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._scenes: dict[str, SceneClip] = {}
        self.table: dict[str, Judgement] = {}
        self.told: list[CloudEvent[ClipFact]] = []
        self.judged_again = 0

    def take(self, scene: SceneClip, walk: int | None = None) -> None:
        """Judge the clip unless it was; then its successors as they need it, or `walk` of them before all ends."""
        clip = scene.detected
        self._scenes[moment(clip)] = scene
        if moment(clip) not in self.table:
            earlier = [place for place in sorted(self.table) if place < moment(clip)]
            before = self.table[earlier[-1]] if earlier else None
            self._put(judged_first(CloudEvent.of(clip), before, self._judge))
        for revised in islice(mended(self.table[moment(clip)], self._after(clip), self._judge), walk):
            self.judged_again += 1
            self._put(revised)

    def latest(self) -> list[ClipFact]:
        """Each fact at its highest revision, as whoever heard all the events reads it."""
        highest: dict[str, ClipFact] = {}
        for event in self.told:
            known = highest.get(event.data.fact_id)
            if known is None or known.revision < event.data.revision:
                highest[event.data.fact_id] = event.data
        return list(highest.values())

    def sums(self) -> Counter[tuple[str, ...]]:
        """Crossings and new vehicles over all clips."""
        total: Counter[tuple[str, ...]] = Counter()
        for fact in self.latest():
            if isinstance(fact, VehiclesCounted):
                total.update({(c.line_id, c.direction, c.label): c.count for c in fact.crossings})
                total.update({("appeared", new.label): new.count for new in fact.appeared})
        return total

    def _judge(self, clip: ClipDetected, before: State) -> Judged:
        at = clip.footage.capture_end + timedelta(seconds=1)
        return judge(self._profile, clip, self._scenes[moment(clip)].boxes, before, judged_at=at)

    def _after(self, clip: ClipDetected) -> Iterator[Judgement]:
        for place in sorted(self.table):
            if place > moment(clip):
                yield self.table[place]

    def _put(self, judgement: Judgement) -> None:
        standing = self.table.get(judgement.moment)
        known = {event.id for event in standing.facts} if standing else set()
        self.told += [event for event in judgement.facts if event.id not in known]
        self.table[judgement.moment] = judgement
