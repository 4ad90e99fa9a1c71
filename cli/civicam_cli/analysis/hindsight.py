"""What all of a clip says of each of its frames: what a thing is, which track it is on, and what was never there."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

from civicam.contracts.vision import Box, ClipBoxes, FrameBoxes
from civicam.runtime.detector import open_picture
from civicam.vision.analytic import size
from civicam.vision.choosing import Grey, share_changed
from civicam.vision.judging import Judged
from civicam.vision.pack import Pack
from civicam.vision.tracks import Sighting
from civicam_cli.analysis.choice import small_grey

LARGE_SHARE = 0.2
"""Of the picture's own size (root of its area): no detector overlooks a thing as large in the frames around..."""
CHANGED_MIN = 0.03
"""... and where it comes, so much of its box changes."""


@dataclass(frozen=True)
class Thing:
    """One thing in one frame."""

    box: Box
    label: str
    """Of its track, by all that was seen of it; the box's own without one."""
    track_id: str | None


class Hindsight:
    """Knows the tracks of a clip to their ends. Established ones are things, strong or faint where they were seen."""

    def __init__(self, objects: ClipBoxes, judged: Judged, pack: Pack) -> None:
        self._objects, self._pack = objects, pack
        self._indices = [frame.index for frame in pack.frames]
        self._greys: dict[int, Grey] = {}
        self._tracks = {(frame.index, one.box): one for frame in judged.tracked for one in frame.sightings}
        self._labels = {one.track_id: one.label for one in self._tracks.values()}
        self._established = judged.established
        self._births = {one.track_id: index for (index, _), one in reversed(self._tracks.items())}
        self._live = {one.track_id for one in judged.state.tracker.tracks}
        self._large = LARGE_SHARE * sqrt(objects.width * objects.height)

    def frames(self) -> Iterator[tuple[FrameBoxes, list[Thing]]]:
        """Every frame that was looked at, and the things in it."""
        for frame in self._objects.seen():
            things = (self._thing(box, self._tracks.get((frame.index, box))) for box in frame.boxes)
            yield frame, [thing for thing in things if thing]

    def _thing(self, box: Box, sighting: Sighting | None) -> Thing | None:
        if sighting and sighting.track_id in self._established:
            return Thing(box, self._labels[sighting.track_id], sighting.track_id)
        if not self._objects.counts(box) or self._is_phantom(box, sighting):
            return None
        return Thing(box, box.label, None)

    def _is_phantom(self, box: Box, sighting: Sighting | None) -> bool:
        """Whether it is large, was given up before it was proved, and had begun where nothing came."""
        if sighting is None or sighting.track_id in self._live or size(box) <= self._large:
            return False
        place = bisect_left(self._indices, self._births[sighting.track_id])
        if not 0 < place < len(self._indices):
            return False
        source = (self._objects.width, self._objects.height)
        return share_changed(self._grey(place - 1), self._grey(place), box, source) < CHANGED_MIN

    def _grey(self, place: int) -> Grey:
        if place not in self._greys:
            self._greys[place] = small_grey(open_picture(self._pack.frames[place].jpeg))
        return self._greys[place]
