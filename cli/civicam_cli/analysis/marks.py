"""What is drawn around things at any time of a clip: the boxes of its samples, and between two of them their way."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import count

from civicam.contracts.vision import ClipBoxes
from civicam.runtime.screen import Mark
from civicam.vision.judging import Judged
from civicam.vision.pack import Pack
from civicam.vision.redaction import Corners
from civicam_cli.analysis.hindsight import Hindsight


@dataclass(frozen=True)
class _Sample:
    time_s: float
    marks: tuple[tuple[str | None, Mark], ...]
    """With the track, where it was established."""

    def corners(self, track_id: str | None) -> Corners | None:
        """Where the track is in this sample."""
        return next((mark.corners for known, mark in self.marks if track_id and known == track_id), None)


class Marks:
    """The marks of one clip; tracks are numbered as they come."""

    def __init__(self, objects: ClipBoxes | None, judged: Judged, pack: Pack) -> None:
        numbers, fresh = dict[str, int](), count(1)
        self._samples: list[_Sample] = []
        for frame, things in Hindsight(objects, judged, pack).frames() if objects else ():
            marks: list[tuple[str | None, Mark]] = []
            for one in things:
                number = (numbers.get(one.track_id) or next(fresh)) if one.track_id else 0
                numbers |= {one.track_id: number} if one.track_id else {}
                text = f"#{number} {one.label}" if number else one.label
                marks.append((one.track_id, Mark(one.label, text, one.box.xyxy)))
            self._samples.append(_Sample(frame.time_s, tuple(marks)))

    def at(self, time_s: float) -> list[Mark]:
        """The marks of the last sample, on their way to the next one."""
        place = bisect_right(self._samples, time_s, key=lambda sample: sample.time_s)
        if place == 0:
            return []
        now, then = self._samples[place - 1], self._samples[min(place, len(self._samples) - 1)]
        share = (time_s - now.time_s) / max(then.time_s - now.time_s, 1e-9) if then is not now else 0.0
        return [
            Mark(mark.label, mark.text, _between(mark.corners, then.corners(track_id) or mark.corners, share))
            for track_id, mark in now.marks
        ]


def _between(one: Corners, other: Corners, share: float) -> Corners:
    x1, y1, x2, y2 = (before + share * (after - before) for before, after in zip(one, other, strict=True))
    return (x1, y1, x2, y2)
