"""The model whose boxes cover what moves is the one for the footage."""

import numpy as np
import pytest

from civicam.contracts.vision import Box
from civicam.vision.choosing import FRAMES, best, cover, moving, share_changed, spread

pytestmark = pytest.mark.unit
SOURCE = (320, 180)


def scenes(brightness: int = 0) -> list[np.typing.NDArray[np.uint8]]:
    """A grey street along which a square of 20 by 20 moves; `brightness` is added to every second picture."""
    pictures = [np.full((90, 160), 100 + brightness * (place % 2), np.uint8) for place in range(8)]
    for place, picture in enumerate(pictures):
        picture[40:60, 20 * place : 20 * place + 20] = 200
    return pictures


def square(place: int) -> Box:
    return Box(label="car", score=0.9, xyxy=(40.0 * place, 80, 40.0 * place + 40, 120))


def test_what_moves_is_what_differs_from_the_empty_street() -> None:
    for place, mask in enumerate(moving(scenes())):
        assert mask.sum() == 400
        assert mask[40:60, 20 * place : 20 * place + 20].all()


def test_a_picture_that_brightens_as_a_whole_does_not_move() -> None:
    assert all(mask.sum() == 400 for mask in moving(scenes(brightness=30)))


def test_boxes_on_what_moves_cover_it() -> None:
    assert cover(moving(scenes()), [[square(place)] for place in range(8)], SOURCE) == 1.0


def test_boxes_elsewhere_and_boxes_of_everything_cover_little() -> None:
    moved = moving(scenes())
    everything = Box(label="car", score=0.9, xyxy=(0, 0, 320, 180))
    assert cover(moved, [[square((place + 4) % 8)] for place in range(8)], SOURCE) == 0
    assert cover(moved, [[everything]] * 8, SOURCE) < 0.1
    assert cover(moved, [[]] * 8, SOURCE) == 0


def test_what_stands_is_neither_for_a_model_nor_against_it() -> None:
    parked = Box(label="car", score=0.9, xyxy=(10, 10, 50, 40))
    assert cover(moving(scenes()), [[square(place), parked] for place in range(8)], SOURCE) == 1.0
    assert cover(moving(scenes()), [[parked]] * 8, SOURCE) == 0.0


def test_where_no_model_explains_what_moves_the_rank_decides() -> None:
    assert best({"first": 0.08, "second": 0.23}) == "first"
    assert best({"first": 0.08, "second": 0.35}) == "second"


def test_a_change_is_told_from_a_picture_that_brightens() -> None:
    before, after = scenes()[2], scenes(brightness=30)[3]
    assert share_changed(before, after, square(3), SOURCE) > 0.9
    assert share_changed(before, after, square(6), SOURCE) == 0.0


def test_a_better_ranked_model_is_taken_where_it_is_about_as_good() -> None:
    assert best({"first": 0.38, "second": 0.40}) == "first"
    assert best({"first": 0.09, "second": 0.45}) == "second"
    assert best({"first": 0.0, "second": 0.0}) == "first"


@pytest.mark.parametrize("count", [1, 2, 11, 12, 13, 1000])
def test_the_frames_looked_at_are_spread_over_all(count: int) -> None:
    places = spread(count)
    assert len(places) == min(count, FRAMES)
    assert (places[0], places[-1]) == (0, count - 1)
