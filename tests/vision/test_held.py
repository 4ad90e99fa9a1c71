"""The most at once: what one frame alone says is not taken; where footage was cut does not matter."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.vision.held import Held, Look

pytestmark = pytest.mark.unit


def looks(counts: list[int], apart_ms: int = 200) -> list[Look]:
    return [(n * apart_ms, count) for n, count in enumerate(counts)]


def most(counts: list[int], apart_ms: int = 200) -> int:
    return Held({}).most("people", looks(counts, apart_ms))


@pytest.mark.parametrize(
    ("counts", "apart_ms", "held"),
    [
        ([3, 3, 3, 3, 3, 3, 3], 200, 3),
        ([3, 3, 9, 3, 3, 3, 3], 200, 3),
        ([0, 0, 0, 9, 0, 9, 0, 0, 0], 200, 0),
        ([5, 0, 5, 5, 5, 0, 5], 200, 5),
        ([9, 9], 40, 0),
        ([9] * 30, 40, 9),
        ([1, 4, 4, 1], 1000, 4),
        ([1, 9, 1, 1], 1000, 1),
        ([2, 7, 6, 0], 12_000, 6),
        ([8], 1000, 0),
        ([], 1000, 0),
    ],
)
def test_one_frame_s_word_is_not_taken(counts: list[int], apart_ms: int, held: int) -> None:
    assert most(counts, apart_ms) == held


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=40),
    st.sampled_from([40, 200, 1000, 12_000]),
    st.lists(st.integers(0, 40), max_size=4),
)
def test_in_pieces_it_is_what_it_is_in_one(counts: list[int], apart_ms: int, cuts: list[int]) -> None:
    seen = looks(counts, apart_ms)
    whole = Held({})
    edges = sorted({0, *(cut for cut in cuts if cut < len(seen)), len(seen)})
    before: dict[str, tuple[Look, ...]] = {}
    found = []
    for start, end in pairwise(edges):
        piece = Held(before)
        found.append(piece.most("people", seen[start:end]))
        before = piece.after
    assert max(found) == whole.most("people", seen)
    assert before == whole.after


def test_what_was_looked_at_before_is_not_looked_at_twice() -> None:
    seen = looks([1, 9, 9, 9, 9, 9, 9])
    first = Held({})
    first.most("people", seen)
    again = Held(first.after)
    assert again.most("people", seen) == 9
    assert again.after == first.after
