"""Cursors: what was written is read, by the same query only, and damage is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.operations.paging import MalformedCursor, next_link, read_cursor, write_cursor

pytestmark = pytest.mark.unit
texts = st.text(min_size=1, max_size=40)
queries = st.dictionaries(texts, texts, max_size=3)
starts = st.dictionaries(texts, texts, min_size=1, max_size=3)


@given(queries, starts)
def test_what_was_written_is_read(query: dict[str, str], start: dict[str, str]) -> None:
    assert read_cursor(query, write_cursor(query, start)) == start


@given(queries, queries, starts)
def test_another_query_s_cursor_is_refused(mine: dict[str, str], other: dict[str, str], start: dict[str, str]) -> None:
    if mine != other:
        with pytest.raises(MalformedCursor):
            read_cursor(other, write_cursor(mine, start))


@given(starts, st.data())
def test_a_damaged_cursor_is_refused_or_means_the_same(start: dict[str, str], data: st.DataObject) -> None:
    """Base64's last letter may hold bits that mean nothing."""
    cursor = write_cursor({}, start)
    at = data.draw(st.integers(0, len(cursor) - 1))
    damaged = cursor[:at] + data.draw(st.sampled_from("Aa0_-")) + cursor[at + 1 :]
    try:
        assert read_cursor({}, damaged) == start
    except MalformedCursor:
        assert damaged != cursor


@given(st.text(max_size=60))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(MalformedCursor):
        read_cursor({}, text)


def test_the_first_page_needs_none_and_the_last_has_no_next() -> None:
    assert read_cursor({}, None) is None
    assert next_link("/v1/cameras", {}, 50, None) is None
