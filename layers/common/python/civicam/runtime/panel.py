"""A panel: several detectors that look at the same picture at once, and their boxes as one list."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from PIL import Image, ImageOps

from civicam.contracts.ids import digest
from civicam.contracts.vision import OBJECT_LABELS, Box, ClipBoxes, FrameBoxes, Label
from civicam.runtime.detector import Detector, Looker
from civicam.vision.boxes import Size
from civicam.vision.catalogue import Panel
from civicam.vision.finding import settle
from civicam.vision.merging import evened, merge, mirror, uneven
from civicam.vision.pack import Pack


class PanelDetector:
    """A detector as any other, slower and surer. Not for two threads at once, as its members are not."""

    def __init__(self, panel: Panel, members: Sequence[Detector]) -> None:
        """`members` in the order of the panel's seats."""
        self.panel, self.members = panel, tuple(members)
        self._floors = [_floors(member, panel.output.faintest) for member in self.members]
        self._pool = ThreadPoolExecutor(len(self.members))

    @property
    def looker(self) -> Looker:
        """Its digest is that of the members' files and of how they are merged."""
        files = (member.model.sha256 for member in self.members)
        labels = {label for member in self.members for label in member.model.output.classes.values()}
        return Looker(
            self.panel.name,
            digest(*files, self.panel.model_dump_json(exclude={"title", "quality"})),
            self.panel.output.counting_of(label for label in OBJECT_LABELS if label in labels),
            " and ".join(dict.fromkeys(member.network.precision for member in self.members)),
            tuple(dict.fromkeys(member.model.licence for member in self.members)),
        )

    def find(self, picture: Image.Image, source: Size) -> tuple[Box, ...]:
        """The boxes in one RGB picture, in pixels of `source`, as its members see them together."""
        looks = [self._pool.submit(self._heard, number, picture, source) for number in range(len(self.members))]
        return settle(self.panel.output, merge([look.result() for look in looks], self.panel.output.merge_iou))

    def document(self, clip_id: str, pack: Pack, frames: Iterable[FrameBoxes]) -> ClipBoxes:
        """What was found in the kept frames of a pack."""
        return self.looker.document(clip_id, pack, frames)

    def _heard(self, number: int, picture: Image.Image, source: Size) -> list[Box]:
        """One member's boxes, with even scores."""
        member, mirrored = self.members[number], self.panel.seats[number].mirrored
        boxes = member.see(ImageOps.mirror(picture) if mirrored else picture, source, self._floors[number])
        even = evened(member.model.output, boxes)
        return [mirror(box, source[0]) for box in even] if mirrored else even


def _floors(member: Detector, faintest: float) -> dict[Label, float]:
    output = member.model.output
    return {label: uneven(faintest, output.threshold_of(label)) for label in output.classes.values()}
