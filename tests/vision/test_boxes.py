"""Where pictures lie on canvases, and which of many boxes stay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.vision.boxes import STRIDE, Candidates, canvas_for, fit, letterbox, overlaps, suppress

pytestmark = pytest.mark.unit
sides = st.integers(1, 4096)


def candidates(*rows: tuple[float, float, float, float, float, int]) -> Candidates:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Candidates(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


@pytest.mark.parametrize(
    ("picture", "canvas"),
    [((1280, 720), (832, 480)), ((512, 288), (832, 480)), ((720, 1280), (480, 832)), ((640, 640), (608, 608))],
)
def test_a_canvas_has_the_pictures_proportions(picture: tuple[int, int], canvas: tuple[int, int]) -> None:
    assert canvas_for(picture, 832 * 480) == canvas


@given(sides, sides)
def test_a_canvas_is_bounded_and_in_steps_of_the_stride(width: int, height: int) -> None:
    across, down = canvas_for((width, height), 832 * 480)
    assert across % STRIDE == down % STRIDE == 0
    assert 0 < across * down <= 1.15 * 832 * 480
    content = letterbox((width, height), (across, down)).content
    assert content[0] <= across
    assert content[1] <= down


@given(sides, sides, st.sampled_from(["stretch", "letterbox"]))
def test_the_whole_canvas_content_is_the_whole_picture(width: int, height: int, kind: str) -> None:
    place = fit("stretch" if kind == "stretch" else "letterbox", (width, height), (832, 480))
    whole = place.to_source(np.array([[0, 0, *place.content]], np.float32), (width, height))
    np.testing.assert_allclose(whole, [[0, 0, width, height]], rtol=1e-5)


def test_a_box_is_clipped_to_the_picture() -> None:
    outside = letterbox((100, 100), (64, 64)).to_source(np.array([[-5, -5, 99, 32]], np.float32), (100, 100))
    assert outside.tolist() == [[0, 0, 100, 50]]


def test_of_boxes_that_overlap_the_best_stays() -> None:
    found = candidates((0, 0, 10, 10, 0.5, 1), (1, 0, 11, 10, 0.9, 1), (50, 50, 60, 60, 0.3, 1))
    kept = suppress(found, found.classes, 0.5)
    assert kept.scores.tolist() == pytest.approx([0.9, 0.3])


def test_boxes_of_another_group_do_not_compete() -> None:
    found = candidates((0, 0, 10, 10, 0.5, 0), (0, 0, 10, 10, 0.9, 1))
    assert len(suppress(found, found.classes, 0.5)) == 2


def test_nothing_stays_of_nothing() -> None:
    none = Candidates.joined([])
    assert len(suppress(none, none.classes, 0.5)) == 0


def test_boxes_without_area_overlap_nothing() -> None:
    point = np.zeros(4, np.float32)
    assert overlaps(point, np.stack([point, point])).tolist() == [0, 0]
