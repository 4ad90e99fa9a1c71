"""Lines: what crosses them, in which direction, and what only seems to."""

from collections.abc import Sequence

import pytest

from civicam.contracts.geometry import Line, Point
from civicam.vision.lines import Passage, distance, follow, is_inside

pytestmark = pytest.mark.unit

ACROSS = Line(line_id="across", points=((100, 200), (500, 200)))
"""From left to right: forward is downwards, towards larger y."""
CLEAR = 10.0


def walked(path: Sequence[Point], line: Line = ACROSS) -> tuple[str, ...]:
    passage, before = Passage(), None
    for now in path:
        passage, before = follow(passage, line, before, now, CLEAR), now
    return passage.crossed


def test_forward_is_from_the_negative_to_the_positive_side() -> None:
    a, b = ACROSS.points
    above, below = (300.0, 150.0), (300.0, 250.0)
    crosses = [(b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) for p in (above, below)]
    assert crosses[0] < 0 < crosses[1]
    assert walked([above, below]) == ("forward",)
    assert walked([below, above]) == ("backward",)


def test_the_line_turned_round_turns_the_direction_round() -> None:
    turned = Line(line_id="turned", points=(ACROSS.points[1], ACROSS.points[0]))
    assert walked([(300, 150), (300, 250)], turned) == ("backward",)


@pytest.mark.parametrize(("x", "crossed"), [(99, ()), (101, ("forward",)), (499, ("forward",)), (501, ())])
def test_a_path_past_the_end_of_the_line_is_no_crossing(x: float, crossed: tuple[str, ...]) -> None:
    assert walked([(x, 150), (x, 190), (x, 205), (x, 250)]) == crossed


def test_who_goes_round_the_end_did_not_cross() -> None:
    assert walked([(450, 150), (550, 180), (550, 220), (450, 250)]) == ()


def test_trembling_on_the_line_is_never_a_crossing() -> None:
    assert walked([(300, 150), *((300, 200 + 9 * (-1) ** n) for n in range(50)), (300, 150)]) == ()


def test_slowly_over_the_line_is_one_crossing() -> None:
    assert walked([(300, 180 + 0.5 * n) for n in range(100)]) == ("forward",)


def test_where_it_went_over_counts_not_where_it_was_clear_again() -> None:
    along = [(90.0, 195.0), (90.0, 201.0), *((90.0 + 20 * n, 201.0) for n in range(15)), (390.0, 230.0)]
    assert walked([(90, 150), *along]) == ()


def test_a_turn_is_one_crossing_each_way_however_often() -> None:
    to_and_fro = [(300.0, 150.0), (300.0, 250.0)] * 4
    assert walked(to_and_fro) == ("forward", "backward")


def test_one_long_step_over_the_line_is_a_crossing() -> None:
    assert walked([(300, 0), (310, 700)]) == ("forward",)


def test_who_was_first_seen_on_the_line_did_not_cross_it() -> None:
    assert walked([(300, 198), (300, 250)]) == ()


def test_a_line_without_length_is_never_crossed() -> None:
    point = Line(line_id="point", points=((300, 200), (300, 200)))
    assert distance(point, (1, 1)) is None
    assert walked([(300, 150), (300, 250)], point) == ()


def test_inside_is_inside_a_hollow_shape_too() -> None:
    horseshoe = ((0, 0), (90, 0), (90, 90), (60, 90), (60, 30), (30, 30), (30, 90), (0, 90))
    assert is_inside(horseshoe, (10, 80))
    assert not is_inside(horseshoe, (45, 80))
    assert not is_inside(horseshoe, (200, 80))
