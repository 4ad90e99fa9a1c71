"""One look at a clip: objects, then faces where somebody stands; crops find what the whole picture would show."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.contracts.vision import Box
from civicam.runtime.detector import Detector
from civicam.runtime.looking import ClipDetector
from civicam.runtime.models import Folder, load_model
from civicam.runtime.network import OnnxNetwork
from civicam.runtime.sandbox import sample_footage
from civicam.vision.attention import FACE_ENOUGH, FACE_MIN, where_faces_may_be
from civicam.vision.boxes import Floats, overlaps
from civicam.vision.catalogue import load_catalogue
from civicam.vision.mosaic import GAP, Piece, joined, mosaic_of
from civicam_cli.model_sources import PACKAGED, Wheels

START = datetime(2026, 11, 24, tzinfo=UTC)


def person(x: float, y: float, width: float, height: float, label: str = "person") -> Box:
    return Box.model_validate({"label": label, "score": 0.3, "xyxy": (x, y, x + width, y + height)})


SOURCE = (1280, 720)


def looked_at(*boxes: Box, scale: float = 1.0) -> list[Piece]:
    return where_faces_may_be(boxes, scale, SOURCE)


@pytest.mark.unit
class TestAttention:
    def test_nobody_in_the_picture_nowhere_to_look(self) -> None:
        assert looked_at() == []
        assert looked_at(person(0, 0, 300, 200, "car")) == []

    def test_a_rider_has_a_face_too(self) -> None:
        assert looked_at(person(100, 100, 60, 90, "two_wheeler"))

    def test_who_is_too_far_away_shows_none(self) -> None:
        far, near = person(500, 300, 3 * FACE_MIN - 1, 60), person(100, 300, 3 * FACE_MIN + 1, 60)
        assert looked_at(far) == []
        (piece,) = looked_at(far, near)
        assert piece.area[2] < 200, "only around the one who is near"

    def test_heads_are_looked_at_not_feet(self) -> None:
        (piece,) = looked_at(person(700, 200, 60, 180))
        x1, y1, x2, y2 = piece.area
        assert x1 < 700
        assert x2 > 760
        assert y1 < 200
        assert 200 + 90 < y2 < 380

    def test_nothing_outside_the_picture_is_looked_at(self) -> None:
        (piece,) = looked_at(person(1200, 500, 200, 300))
        assert piece.area[2:] == SOURCE

    def test_who_is_very_near_is_shown_smaller(self) -> None:
        (near,), (nearer,) = (
            looked_at(person(0, 0, 3 * FACE_ENOUGH, 400)),
            looked_at(person(0, 0, 6 * FACE_ENOUGH, 400)),
        )
        assert (near.scale, nearer.scale) == (1.0, 0.5)

    def test_two_who_stand_close_are_one_piece(self) -> None:
        assert len(looked_at(person(100, 200, 50, 150), person(130, 200, 50, 150))) == 1
        assert len(looked_at(person(100, 200, 50, 150), person(700, 200, 50, 150))) == 2


pieces = st.builds(
    lambda x, y, width, height, scale: Piece((x, y, x + width, y + height), scale),
    *[st.integers(0, 1000)] * 2,
    *[st.integers(1, 400)] * 2,
    st.floats(0.1, 1.0),
)


@pytest.mark.unit
class TestMosaic:
    @given(st.lists(pieces, min_size=1, max_size=12))
    def test_every_piece_lies_on_the_canvas_by_itself(self, wanted: list[Piece]) -> None:
        mosaic = mosaic_of(wanted)
        if mosaic is None:
            return
        taken = np.zeros(mosaic.canvas[::-1], int)
        for tile in mosaic.tiles:
            width, height = tile.piece.size
            assert tile.left + width <= mosaic.canvas[0]
            assert tile.top + height <= mosaic.canvas[1]
            taken[tile.top : tile.top + height, tile.left : tile.left + width] += 1
        assert taken.max() == 1
        assert sorted(tile.piece.area for tile in mosaic.tiles) == sorted(piece.area for piece in wanted)

    def test_few_pieces_take_a_small_canvas_and_too_many_none(self) -> None:
        piece = Piece((0, 0, 90, 90), 1.0)
        assert getattr(mosaic_of([piece]), "canvas", None) == (96, 96)
        assert getattr(mosaic_of([piece] * 4), "canvas", None) == (192, 192)
        assert mosaic_of([piece] * 40) is None

    @given(pieces, pieces)
    def test_what_is_seen_on_a_tile_is_where_it_is_in_the_picture(self, one: Piece, other: Piece) -> None:
        mosaic = mosaic_of([one, other])
        if mosaic is None:
            return
        for tile in mosaic.tiles:
            width, height = tile.piece.size
            seen = person(tile.left, tile.top, width, height)
            (found,) = mosaic.to_picture([seen])
            assert found.xyxy == pytest.approx(tile.piece.area, abs=1 / tile.piece.scale)

    def test_what_is_seen_between_tiles_is_nowhere(self) -> None:
        mosaic = mosaic_of([Piece((0, 0, 40, 40), 1.0)] * 2)
        assert mosaic is not None
        assert mosaic.to_picture([person(40, 0, GAP, 40)]) == []

    @given(st.lists(pieces, max_size=8))
    def test_joining_loses_nothing_and_costs_nothing(self, wanted: list[Piece]) -> None:
        together = joined(wanted)
        for piece in wanted:
            assert any(_lies_in(piece, other) and other.scale >= piece.scale for other in together)
        assert sum(map(_size, together)) <= sum(map(_size, wanted))


def _lies_in(one: Piece, other: Piece) -> bool:
    (a, b, c, d), (x1, y1, x2, y2) = one.area, other.area
    return x1 <= a and y1 <= b and c <= x2 and d <= y2


def _size(piece: Piece) -> int:
    width, height = piece.size
    return (width + GAP) * (height + GAP)


@pytest.fixture(scope="module")
def floor() -> dict[str, Detector]:
    return {name: detector(model) for name, model in (("objects", "centernet"), ("faces", "centerface"))}


def detector(name: str, *sources: Folder) -> Detector:
    model = load_catalogue().model(name)
    return Detector(model, OnnxNetwork(model, load_model(model, [PACKAGED, *sources, Wheels()])))


@pytest.mark.unit
class TestLook:
    def test_each_pass_that_is_wanted_gives_a_document(self, floor: dict[str, Detector], bikes: Path) -> None:
        pack = sample_footage(bikes, "video/mp4", START, fps=1)
        seen = ClipDetector(floor).detect("clip", pack, ("objects", "faces"))
        assert [(name, one.model) for name, one in seen.items()] == [("objects", "centernet"), ("faces", "centerface")]
        for one in seen.values():
            assert [frame.index for frame in one.frames] == [frame.index for frame in pack.frames]
            assert one.still == pack.manifest.still

    def test_objects_are_those_that_the_detector_finds_by_itself(self, floor: dict[str, Detector], bikes: Path) -> None:
        pack = sample_footage(bikes, "video/mp4", START, fps=1)
        seen = ClipDetector(floor).detect("clip", pack, ("objects",))
        assert seen == {"objects": floor["objects"].detect("clip", pack)}

    def test_asked_for_faces_alone_it_looks_everywhere(self, floor: dict[str, Detector], bikes: Path) -> None:
        pack = sample_footage(bikes, "video/mp4", START, fps=1)
        seen = ClipDetector({"faces": floor["faces"]}).detect("clip", pack, ("faces",))
        assert seen == {"faces": floor["faces"].detect("clip", pack)}


def _iou_best(box: Box, others: tuple[Box, ...]) -> float:
    many: Floats = np.array([other.xyxy for other in others], np.float32).reshape(-1, 4)
    return float(max(overlaps(np.array(box.xyxy, np.float32), many), default=0.0))


@pytest.mark.unit
@pytest.mark.needs_clips
@pytest.mark.needs_models
@pytest.mark.parametrize("objects", ["yolox-nano", "picodet-s"])
def test_faces_where_people_stand_are_those_of_the_whole_picture(
    clip_mirror: Path, model_mirror: Path, objects: str
) -> None:
    mirror = Folder(model_mirror)
    passes = {"objects": detector(objects, mirror), "faces": detector("yunet-n", mirror)}
    pack = sample_footage(clip_mirror / "face-walking-2.mp4", "video/mp4", START, fps=30, every_frame=True)
    everywhere = passes["faces"].detect("clip", pack)
    seen = ClipDetector(passes).detect("clip", pack, ("objects", "faces"))["faces"]
    for whole, part in zip(everywhere.frames, seen.frames, strict=True):
        for face in filter(everywhere.counts, whole.boxes):
            assert _iou_best(face, part.boxes) > 0.5, whole.index
