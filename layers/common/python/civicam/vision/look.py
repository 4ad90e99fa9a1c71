"""A look: what a recorder saw of a clip whose pixels stay where it was filmed. Boxes, and pictures that show nobody.

Whoever delivers footage could forge it; a look can be forged no further than that. What it says is checked as a
stranger's word: the city's judge meets nothing that its own detectors could not have said.
"""

import io
import math
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from civicam.contracts.errors import Inconsistent, Rejected
from civicam.contracts.vision import PASSES, Box, ClipBoxes, Sampled
from civicam.vision.admission import DEFAULT_LIMITS, Reason, admit_declared_length, admit_length, admit_picture
from civicam.vision.catalogue import Catalogue
from civicam.vision.outline import NUMBERS
from civicam.vision.pack import BROKEN, Pack

BOXES_NAME, PACK_NAME = "boxes.json", "pack.zip"
MOST_BOXES = 1000
"""In one picture: more than any detector of the catalogue tells."""
_ANY_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Look:
    """What each pass saw by its name, and the pictures that it saw it in: redacted, none in its own pixels."""

    boxes: Mapping[str, ClipBoxes]
    pack: Pack

    def to_bytes(self) -> bytes:
        """The look as a zip without compression; equal looks give equal bytes."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(BOXES_NAME, _ANY_DATE), PASSES.dump_json(dict(self.boxes)))
            archive.writestr(zipfile.ZipInfo(PACK_NAME, _ANY_DATE), self.pack.to_bytes())
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Look":
        """The look in a zip; raises Rejected (`not_a_look`)."""
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                members = archive.infolist()
                if [member.filename for member in members] != [BOXES_NAME, PACK_NAME]:
                    raise _no_look(f"it holds other parts than {BOXES_NAME} and {PACK_NAME}")
                if any(one.compress_type != zipfile.ZIP_STORED or one.file_size > len(raw) for one in members):
                    raise _no_look("it has a compressed part")
                boxes = PASSES.validate_json(archive.read(BOXES_NAME))
                return cls(boxes, Pack.from_bytes(archive.read(PACK_NAME)))
        except (*BROKEN, Inconsistent) as error:
            raise _no_look(str(error)[:300]) from error


def admit_look(
    look: Look, clip_id: str, declared_s: float, wanted: Collection[str], catalogue: Catalogue
) -> dict[str, ClipBoxes]:
    """The boxes of the passes that are `wanted`, as the city's own detectors would have told them of this clip.

    Scores count from the city's own thresholds on. Raises Rejected: `not_a_look`, and as `admit_picture`,
    `admit_length` and `admit_declared_length` do.
    """
    sampled = look.pack.manifest.sampled
    admit_picture(sampled.width, sampled.height, DEFAULT_LIMITS)
    for complaint in _complaints(look, wanted, catalogue):
        raise _no_look(complaint)
    admit_length(sampled.duration_s, 1, DEFAULT_LIMITS)
    admit_declared_length(declared_s, sampled.duration_s)
    return {
        name: look.boxes[name].model_copy(
            update={"clip_id": clip_id, "thresholds": catalogue.model(look.boxes[name].model).output.counting}
        )
        for name in wanted
    }


def _complaints(look: Look, wanted: Collection[str], catalogue: Catalogue) -> Iterator[str]:
    sampled, manifest = look.pack.manifest.sampled, look.pack.manifest
    if not _is_sound(sampled):
        yield "it tells of its sampling what no sampling gives"
    if any(not 0 <= one.time_s <= sampled.duration_s for one in (*manifest.frames, *manifest.still)):
        yield "it has a picture from outside the clip"
    for name in wanted:
        if name not in look.boxes:
            yield f"nothing looked for {name}, which the camera's profile asks for"
        else:
            yield from _of_pass(name, look.boxes[name], look.pack, catalogue)


def _of_pass(name: str, seen: ClipBoxes, pack: Pack, catalogue: Catalogue) -> Iterator[str]:
    sampled, manifest = pack.manifest.sampled, pack.manifest
    known = {(model.name, model.sha256) for model in catalogue.models if model.task == name}
    if (seen.model, seen.model_digest) not in known:
        yield f"model {seen.model} is none of the city's for {name}: `civicam models list` names those"
    if (seen.width, seen.height, seen.sampling_fps) != (sampled.width, sampled.height, sampled.sampling_fps):
        yield f"its {name} were found in other pictures"
    looked = [(frame.index, frame.time_s) for frame in seen.frames]
    if looked != [(one.index, one.time_s) for one in manifest.frames] or seen.still != manifest.still:
        yield f"its {name} were found in other pictures"
    if not all(_are_sound(frame.boxes, (sampled.width, sampled.height)) for frame in seen.frames):
        yield f"it has boxes of {name} that lie in no picture"


def _is_sound(sampled: Sampled) -> bool:
    numbers = (sampled.duration_s, sampled.source_fps, sampled.sampling_fps, sampled.asked_fps or 1.0)
    return (
        all(math.isfinite(number) and 0 < number < 1e6 for number in numbers)
        and len(sampled.outline) in (0, NUMBERS)
        and all(abs(number) <= 100 for number in sampled.outline)
    )


def _are_sound(boxes: Iterable[Box], size: tuple[int, int]) -> bool:
    """Whether a detector could have told them: within the picture, but for half of it on each side."""
    told = tuple(boxes)
    return len(told) <= MOST_BOXES and all(
        0 <= box.score <= 1
        and all(
            -0.5 * side <= low <= high <= 1.5 * side
            for low, high, side in zip(box.xyxy[:2], box.xyxy[2:], size, strict=True)
        )
        for box in told
    )


def _no_look(why: str) -> Rejected:
    return Rejected(Reason.NOT_A_LOOK, f"this is no look at a clip: {why}")
