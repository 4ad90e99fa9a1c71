"""A detector: a catalogued model that turns a pack's pictures into boxes."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from civicam.contracts.errors import Inconsistent
from civicam.contracts.ids import Sha256
from civicam.contracts.vision import Box, ClipBoxes, FrameBoxes, Label
from civicam.runtime.canvas import Canvas
from civicam.runtime.network import Network
from civicam.vision.boxes import Size
from civicam.vision.catalogue import Licence, Model
from civicam.vision.finding import apart, find_boxes, see_boxes
from civicam.vision.mosaic import Mosaic, Piece, mosaic_of
from civicam.vision.pack import Pack


@dataclass(frozen=True)
class Looker:
    """A model, or a panel of them, as documents name it: from which scores on its boxes count, and its licences."""

    name: str
    digest: Sha256
    counting: Mapping[str, float]
    precision: str
    licences: tuple[Licence, ...]

    def document(self, clip_id: str, pack: Pack, frames: Iterable[FrameBoxes]) -> ClipBoxes:
        """What was found in the kept frames of a pack, with those that were still as they are listed there."""
        sampled = pack.manifest.sampled
        return ClipBoxes(
            clip_id=clip_id,
            model=self.name,
            model_digest=self.digest,
            width=sampled.width,
            height=sampled.height,
            sampling_fps=sampled.sampling_fps,
            precision=self.precision,
            frames=tuple(frames),
            still=pack.manifest.still,
            thresholds=dict(self.counting),
        )


class Detector:
    """A model's boxes by way of its network. Not for two threads at once: it keeps its canvas from picture to picture.

    Detectors of several threads may share one network.
    """

    def __init__(self, model: Model, network: Network) -> None:
        """`network` runs this model's file."""
        self.model, self.network = model, network
        self._canvas = Canvas(model.input, as_bytes=network.takes_bytes)

    @property
    def looker(self) -> Looker:
        """Who it is, for the documents that say what looked."""
        model = self.model
        return Looker(model.name, model.sha256, model.output.counting, self.network.precision, (model.licence,))

    def find(self, picture: Image.Image, source: Size) -> tuple[Box, ...]:
        """The boxes in one RGB picture, in pixels of the `source` that it shows (of which it may be a smaller copy)."""
        laid = self._canvas.lay(picture)
        return find_boxes(self.model.output, self.network.run(self._canvas.pixels), laid, source)

    def see(self, picture: Image.Image, source: Size, floors: Mapping[Label, float]) -> tuple[Box, ...]:
        """All that it sees from these scores on, riders and machines apart: what a panel merges."""
        laid = self._canvas.lay(picture)
        return see_boxes(self.model.output, self.network.run(self._canvas.pixels), laid, source, floors)

    def find_in(self, picture: Image.Image, source: Size, pieces: Sequence[Piece]) -> tuple[Box, ...]:
        """The boxes in these pieces of the source, all laid on one canvas, each thing once.

        It looks at the whole picture where they would need as much, where its canvas has one size, and where its
        network takes pictures of one size together.
        """
        mosaic = mosaic_of(pieces)
        if mosaic is None or self.model.input.size or self.network.gains_by_batches:
            return self.find(picture, source)
        laid = self._canvas.lay(_laid(mosaic, picture, source), mosaic.canvas)
        found = find_boxes(self.model.output, self.network.run(self._canvas.pixels), laid, mosaic.canvas)
        return apart(mosaic.to_picture(found), self.model.output.nms_iou)

    def scale(self, picture: Size, source: Size) -> float:
        """Pixels of its canvas to one of the source, when it looks at the whole of such a picture."""
        canvas = self.model.input.canvas(picture)
        return min(canvas[0] / source[0], canvas[1] / source[1])

    def detect(self, clip_id: str, pack: Pack) -> ClipBoxes:
        """What the model by itself sees in each kept frame of a pack, everywhere in it."""
        sampled = pack.manifest.sampled
        size = (sampled.width, sampled.height)
        frames = (
            FrameBoxes(index=frame.index, time_s=frame.time_s, boxes=self.find(open_picture(frame.jpeg), size))
            for frame in pack.frames
        )
        return self.document(clip_id, pack, frames)

    def document(self, clip_id: str, pack: Pack, frames: Iterable[FrameBoxes]) -> ClipBoxes:
        """What was found in the kept frames of a pack, with those that were still as they are listed there."""
        return self.looker.document(clip_id, pack, frames)


def _laid(mosaic: Mosaic, picture: Image.Image, source: Size) -> Image.Image:
    """The canvas of a mosaic, between the tiles black. `picture` may be a smaller copy of the source."""
    laid = Image.new("RGB", mosaic.canvas)
    across, down = picture.width / source[0], picture.height / source[1]
    for tile in mosaic.tiles:
        x1, y1, x2, y2 = tile.piece.area
        area = (x1 * across, y1 * down, x2 * across, y2 * down)
        laid.paste(picture.resize(tile.piece.size, Image.Resampling.BILINEAR, area), (tile.left, tile.top))
    return laid


def open_picture(jpeg: bytes) -> Image.Image:
    """A pack's picture as RGB; raises Inconsistent where it cannot be decoded."""
    try:
        return Image.open(io.BytesIO(jpeg), formats=["JPEG"]).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise Inconsistent(f"a picture of the pack cannot be decoded: {error}") from error
