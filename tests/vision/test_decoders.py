"""Each kind of output, one cell of which was set: the box is where the recipe, worked out by hand, puts it."""

import numpy as np
import pytest

from civicam.vision.boxes import Candidates, Floats
from civicam.vision.decoders import DECODERS, Ask, Outputs

pytestmark = pytest.mark.unit
CANVAS = (96, 64)
"""Wider than high, so that rows taken for columns show."""


def decode(name: str, outputs: Outputs, classes: tuple[int, ...] = (0, 2)) -> Candidates:
    return DECODERS[name](outputs, Ask(CANVAS, np.array(classes, np.int64), 0.3))


def zeros(*shape: int) -> Floats:
    return np.zeros(shape, np.float32)


def picodet_outputs() -> dict[str, Floats]:
    cells = {8: 12 * 8, 16: 6 * 4, 32: 3 * 2, 64: 2 * 1}
    scores = {f"s{stride}": zeros(1, count, 80) for stride, count in cells.items()}
    return scores | {f"d{stride}": zeros(1, count, 32) for stride, count in cells.items()}


def test_picodet_is_a_centre_and_four_expected_distances() -> None:
    outputs, cell = picodet_outputs(), 2 * 6 + 1  # row 2, column 1 of stride 16: centre (24, 40)
    outputs["s16"][0, cell, 2] = 0.9
    for side, distance in enumerate((1, 2, 1, 2)):
        outputs["d16"][0, cell, side * 8 + distance] = 50
    found = decode("picodet", outputs)
    np.testing.assert_allclose(found.xyxy, [[24 - 16, 40 - 32, 24 + 16, 40 + 32]], atol=1e-3)
    assert found.classes.tolist() == [2]


def test_picodet_with_no_preference_expects_the_middle_of_its_bins() -> None:
    outputs = picodet_outputs()
    outputs["s64"][0, 0, 0] = 0.5  # centre (32, 32), distances 3.5 cells
    assert decode("picodet", outputs).xyxy.tolist() == [[32 - 224, 32 - 224, 32 + 224, 32 + 224]]


def test_yolox_is_a_centre_in_cells_and_a_log_size() -> None:
    rows = zeros(1, 12 * 8 + 6 * 4 + 3 * 2, 85)
    cell = 12 * 8 + 3 * 6 + 4  # stride 16, row 3, column 4
    rows[0, cell, :5] = 0.5, 0.25, np.log(2), np.log(3), 0.8
    rows[0, cell, 5 + 2] = 0.5
    found = decode("yolox", {"output": rows})
    np.testing.assert_allclose(found.xyxy, [[72 - 16, 52 - 24, 72 + 16, 52 + 24]], rtol=1e-5)
    assert found.scores.tolist() == pytest.approx([0.4])


def test_yunet_is_the_root_of_two_scores() -> None:
    outputs: dict[str, Floats] = {}
    for stride, count in ((8, 12 * 8), (16, 6 * 4), (32, 3 * 2)):
        outputs |= {f"cls_{stride}": zeros(1, count, 1), f"obj_{stride}": zeros(1, count, 1)}
        outputs |= {f"bbox_{stride}": zeros(1, count, 4)}
    outputs["cls_8"][0, 12 + 2], outputs["obj_8"][0, 12 + 2] = 0.64, 1.0  # row 1, column 2: corner (16, 8)
    outputs["bbox_8"][0, 12 + 2] = 0.5, 0.5, np.log(2), 0
    found = decode("yunet", outputs, (0,))
    np.testing.assert_allclose(found.xyxy, [[20 - 8, 12 - 4, 20 + 8, 12 + 4]], rtol=1e-5)
    assert found.scores.tolist() == pytest.approx([0.8])


def test_centerface_is_a_peak_with_vertical_values_first() -> None:
    heat, size, offset = zeros(1, 1, 16, 24), zeros(1, 2, 16, 24), zeros(1, 2, 16, 24)
    heat[0, 0, 3, 5] = 0.7
    size[0, :, 3, 5] = np.log(6), np.log(4)  # 24 high, 16 wide
    offset[0, :, 3, 5] = 0.25, -0.25
    found = decode("centerface", {"537": heat, "538": size, "539": offset, "540": zeros(1, 10, 16, 24)}, (0,))
    np.testing.assert_allclose(found.xyxy, [[21 - 8, 15 - 12, 21 + 8, 15 + 12]], rtol=1e-5)


def test_anchors_are_shares_of_the_canvas() -> None:
    boxes, scores = zeros(1, 3, 4), zeros(1, 3, 4)
    boxes[0, 1] = 0.25, 0.5, 0.5, 1.0
    scores[0, :, 0] = 1
    scores[0, 1] = 0.1, 0.0, 0.9, 0.0
    found = decode("anchors", {"boxes": boxes, "scores": scores}, (1, 2, 3))
    assert found.xyxy.tolist() == [[24, 32, 48, 64]]
    assert found.classes.tolist() == [2]


def test_finished_detections_pass_by_score_and_class() -> None:
    rows = np.array([[[1, 2, 3, 4, 0.9, 2], [1, 2, 3, 4, 0.2, 2], [1, 2, 3, 4, 0.9, 55]]], np.float32)
    assert decode("detections", {"tower_0/detections": rows}).xyxy.tolist() == [[1, 2, 3, 4]]


def test_what_nobody_asked_for_does_not_compete() -> None:
    outputs = picodet_outputs()
    outputs["s8"][0, 0, 6], outputs["s8"][0, 0, 2] = 0.9, 0.6  # a train, or else a car
    found = decode("picodet", outputs)
    assert found.classes.tolist() == [2]
    assert found.scores.tolist() == pytest.approx([0.6])


@pytest.mark.parametrize("name", ["picodet", "detections"])
def test_an_empty_street_gives_no_box(name: str) -> None:
    outputs = picodet_outputs() if name == "picodet" else {"tower_0/detections": zeros(1, 100, 6)}
    assert len(decode(name, outputs)) == 0
