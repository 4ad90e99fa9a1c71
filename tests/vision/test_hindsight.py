"""What the whole of a clip says of each of its frames."""

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from civicam.contracts.base import now
from civicam.contracts.cameras import Profile
from civicam.contracts.vision import Box
from civicam.vision.judging import EMPTY, judge
from civicam.vision.pack import Frame, Manifest, Pack
from civicam_cli.analysis.hindsight import Hindsight, Thing
from tests.fakes.scenes import HEIGHT, WIDTH, Instant, Mover, clip_of, instants

pytestmark = pytest.mark.unit
LARGE = {"width": 300.0, "height": 260.0}


def picture(boxes: Sequence[Box]) -> bytes:
    """A grey yard, with something dark where each box is."""
    pixels = np.full((HEIGHT, WIDTH), 150, np.uint8)
    for box in boxes:
        x1, y1, x2, y2 = map(round, box.xyxy)
        pixels[y1:y2, x1:x2] = 40
    file = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def things(seen: list[Instant], real: list[Instant]) -> list[list[Thing]]:
    """The things of every frame, where a detector saw so much and there was so much."""
    scene = clip_of(seen)
    judged = judge(Profile(analytics=("vehicle",)), scene.detected, scene.boxes, EMPTY, judged_at=now())
    frames = tuple(Frame(index=number, time_s=at_s, jpeg=picture(boxes)) for number, (at_s, boxes) in enumerate(real))
    manifest = Manifest.model_construct(
        sampled=scene.detected.sampled, picture_width=WIDTH, picture_height=HEIGHT, frames=()
    )
    return [found for _, found in Hindsight(scene.boxes["objects"], judged, Pack(manifest, frames)).frames()]


def test_something_large_that_comes_and_goes_where_nothing_changed_was_never_there() -> None:
    phantom = Mover(900, 400, since_s=1, until_s=1.5, **LARGE)
    assert all(not found for found in things(instants([phantom], seconds=4), instants([], seconds=4)))


def test_something_large_that_changed_the_picture_was_there_although_it_was_lost() -> None:
    car = instants([Mover(900, 400, since_s=1, until_s=1.5, **LARGE)], seconds=4)
    assert sum(len(found) for found in things(car, car)) == 3


def test_something_small_may_be_overlooked_in_the_frames_around() -> None:
    scooter = Mover(900, 400, since_s=1, until_s=1.5, label="two_wheeler", width=30, height=50)
    assert sum(len(found) for found in things(instants([scooter], seconds=4), instants([], seconds=4))) == 3


def test_a_thing_is_what_it_was_mostly_seen_as_from_its_first_frame_on() -> None:
    lorry = [
        (at_s, tuple(box.model_copy(update={"label": "car"}) if at_s < 1 else box for box in boxes))
        for at_s, boxes in instants([Mover(100, 300, vx=100, label="truck")], seconds=6)
    ]
    found = things(lorry, lorry)
    assert {(thing.label, thing.track_id is None) for frame in found for thing in frame} == {("truck", False)}


def test_an_established_thing_is_there_where_it_is_seen_faintly() -> None:
    seen = [
        (at_s, tuple(box.model_copy(update={"score": 0.3}) if at_s == 4 else box for box in boxes))
        for at_s, boxes in instants([Mover(100, 300, vx=60)], seconds=6)
    ]
    assert all(len(found) == 1 for found in things(seen, seen))
