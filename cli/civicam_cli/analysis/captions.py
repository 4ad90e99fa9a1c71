"""What is said below a frame: the facts so far, judged frame by frame with the city's own rules."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from civicam.contracts.base import now
from civicam.contracts.facts import ClipFact
from civicam.contracts.incidents import IncidentSuspected
from civicam.contracts.vision import ClipBoxes, FrameBoxes, VehiclesCounted
from civicam.vision.judging import EMPTY, State, judge
from civicam_cli.analysis.document import Analysis

ALARMS_SHOWN = 3


@dataclass(frozen=True)
class Said:
    """The text of one sampled frame."""

    time_s: float
    captions: tuple[str, ...]
    alarms: tuple[str, ...]


class Captions:
    """The text of one clip over time. The fold is exact, so the sums at its end are those of the clip's facts."""

    def __init__(self, analysis: Analysis) -> None:
        teller = _Teller(analysis)
        passes = {name: boxes.seen() for name, boxes in analysis.boxes.items()}
        frames = [dict(zip(passes, one, strict=True)) for one in zip(*passes.values(), strict=False)]
        self._said = [teller.tell(frame) for frame in frames]

    @property
    def rows(self) -> int:
        """The most lines of text that any frame has."""
        return max((len(said.captions) + len(said.alarms) for said in self._said), default=0)

    def at(self, time_s: float) -> Said:
        """What is known at this time."""
        place = bisect_right(self._said, time_s, key=lambda said: said.time_s)
        return self._said[place - 1] if place else Said(0.0, (), ())


@dataclass
class _Teller:
    """Judges one frame after the other, and keeps the sums."""

    analysis: Analysis
    _state: State = EMPTY
    _crossed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _alarms: list[str] = field(default_factory=list)

    def tell(self, frames: Mapping[str, FrameBoxes]) -> Said:
        boxes = {
            name: one.model_copy(update={"frames": (frames[name],), "still": ()})
            for name, one in self.analysis.boxes.items()
        }
        profile, clip = self.analysis.camera.profile, self.analysis.clip
        judged = judge(profile, clip, boxes, self._state, judged_at=now())
        self._state = judged.state
        for fact in judged.facts:
            self._take(fact)
        time_s = next(iter(boxes.values())).frames[0].time_s
        return Said(time_s, (_in_sight(boxes), *self._crossings()), tuple(self._alarms[-ALARMS_SHOWN:]))

    def _take(self, fact: ClipFact) -> None:
        match fact:
            case VehiclesCounted():
                self._crossed.update({(c.line_id, c.label, c.direction): c.count for c in fact.crossings})
            case IncidentSuspected():
                where = f" at {fact.zone_id or fact.line_id}" if fact.zone_id or fact.line_id else ""
                self._alarms.append(f"{fact.rule}{where} {fact.phase}, confidence {fact.confidence:.2f}")

    def _crossings(self) -> Iterator[str]:
        for line in self.analysis.camera.profile.lines:
            ways = [
                f"{label} {direction} {count}"
                for (line_id, label, direction), count in sorted(self._crossed.items())
                if line_id == line.line_id
            ]
            yield f"{line.line_id}: {', '.join(ways) or 'no crossing yet'}"


def _in_sight(boxes: Mapping[str, ClipBoxes]) -> str:
    """What counts in one frame, by label: the facts' own figures rest on more than one."""
    counted = Counter(box.label for one in boxes.values() for box in one.frames[0].boxes if one.counts(box))
    return f"in sight: {', '.join(f'{label} {number}' for label, number in sorted(counted.items())) or 'nothing'}"
