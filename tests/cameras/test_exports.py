"""Video recorders that export stretches of their time: asked in their own words, patiently, and gaps are told."""

import ipaddress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from civicam.aws.addresses import Reach
from civicam.aws.delivering import EXPORTED_UNTIL, Delivery, Visit, adapter
from civicam.aws.http_source import SourceReader
from civicam.cameras.exports import Stretch, address, due, missing
from civicam.cameras.lengths import admit_seconds, stated_seconds
from civicam.cameras.pulls import Pull
from civicam.contracts.base import utc_text
from civicam.contracts.errors import Rejected, Unavailable
from civicam.contracts.sources import ExportSource
from tests.cameras.conftest import AT, PULLED
from tests.fakes.camera_source import Answer, Source, camera_source
from tests.fakes.footage import clip, passing

pytestmark = pytest.mark.unit
READER = SourceReader(Reach((ipaddress.ip_network("127.0.0.0/8"),), "1-65535"), seconds=5)
MINUTE = datetime.fromisoformat("2026-11-24T10:45:00Z")


def source(url: str = "http://nvr.example/export?from={start}&to={end}", **changes: Any) -> ExportSource:
    return ExportSource.model_validate({"url": url, "delay_seconds": 20} | changes)


def visit(nvr: Source, last: dict[str, str] | None = None, at: datetime = AT, **changes: Any) -> Delivery:
    told = source(f"http://127.0.0.1:{nvr.port}/export?from={{start}}&to={{end}}", **changes)
    pull = Pull(camera_id=PULLED, at=at)
    return adapter(told, READER, lambda: at).visit(Visit(pull, last or {}))


def until(minutes_ago: float) -> dict[str, str]:
    return {EXPORTED_UNTIL: utc_text(MINUTE - timedelta(minutes=minutes_ago))}


def asked(nvr: Source) -> list[tuple[str, str]]:
    queries = [parse_qs(urlsplit(path).query) for path in nvr.paths]
    return [(query["from"][0][11:16], query["to"][0][11:16]) for query in queries]


@pytest.fixture(scope="module")
def three_seconds() -> bytes:
    return clip(passing(75))


@pytest.mark.parametrize(
    ("time_format", "time_zone", "written"),
    [
        ("%Y-%m-%dT%H:%M:%SZ", "UTC", "2026-11-24T10%3A45%3A00Z"),
        ("%Y%m%dT%H%M%S", "Asia/Ho_Chi_Minh", "20261124T174500"),
        ("%Y-%m-%d %H:%M:%S", "Asia/Ho_Chi_Minh", "2026-11-24%2017%3A45%3A00"),
        ("%Y-%m-%dT%H:%M:%S%z", "Asia/Ho_Chi_Minh", "2026-11-24T17%3A45%3A00%2B0700"),
        ("unix", "UTC", "1795517100"),
        ("unix_ms", "Asia/Ho_Chi_Minh", "1795517100000"),
    ],
)
def test_an_address_names_a_stretch_as_its_device_writes_it(time_format: str, time_zone: str, written: str) -> None:
    told = source(time_format=time_format, time_zone=time_zone)
    named = address(told, Stretch(MINUTE, MINUTE + timedelta(minutes=1)))
    assert named.startswith(f"http://nvr.example/export?from={written}&to=")
    assert "{" not in named


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://nvr.example/export?from={start}"},
        {"url": "http://nvr.example/export?from={start}&to={end}&x={start}"},
        {"url": "http://{start}.example/{end}"},
        {"url": "http://nvr.example/{start}/{end}/{0.__class__}"},
        {"time_format": "%Y{0}"},
        {"time_format": "%n%Y"},
        {"time_format": "today"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": "Saigon/District1"},
    ],
)
def test_a_template_that_could_mean_something_else_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        source(**changes)


def test_a_device_that_was_never_read_begins_with_its_last_whole_stretch() -> None:
    gone, wanted = due(source(), None, AT)
    assert gone is None
    assert wanted == (Stretch(MINUTE - timedelta(minutes=1), MINUTE),), "10:45:30, less 20 s to have it ready"
    assert due(source(delay_seconds=40), None, AT)[1] == (
        Stretch(MINUTE - timedelta(minutes=2), MINUTE - timedelta(minutes=1)),
    )


@given(st.integers(0, 4000), st.integers(10, 600), st.integers(0, 300))
def test_stretches_lie_end_to_end_and_none_is_asked_for_before_it_is_ready(ago: int, length: int, delay: int) -> None:
    told = source(clip_seconds=length, delay_seconds=delay)
    start = AT - timedelta(seconds=ago)
    gone, wanted = due(told, start, AT)
    begin = gone.end if gone else start
    for stretch in wanted:
        assert stretch.start == begin
        begin = stretch.end
        assert stretch.end <= AT - timedelta(seconds=delay)
    assert gone is None or gone.end <= AT - timedelta(seconds=told.patience_seconds)


def test_what_an_outage_left_is_caught_up_with_in_order(three_seconds: bytes) -> None:
    with camera_source() as nvr:
        nvr.answers = [Answer(body=three_seconds)]
        delivery = visit(nvr, until(5))
        assert asked(nvr) == [("10:40", "10:41"), ("10:41", "10:42"), ("10:42", "10:43")]
        assert delivery.said is not None
        assert delivery.said.headers == until(2)


def test_a_stretch_that_is_not_there_yet_is_asked_for_again_and_nothing_is_skipped(three_seconds: bytes) -> None:
    with camera_source() as nvr:
        nvr.answers = [Answer(body=three_seconds), Answer(404)]
        delivery = visit(nvr, until(3))
        assert (len(delivery.captures), len(nvr.paths)) == (1, 2)
        assert delivery.said is not None
        assert delivery.said.headers == until(2)
        for status in (404, 202, 204, 410):
            nvr.answers = [Answer(status)]
            later = visit(nvr, until(2))
            assert (later.captures, later.said, later.missed) == ((), None, ())


def test_what_broke_off_after_a_whole_stretch_does_not_lose_it(three_seconds: bytes) -> None:
    with camera_source() as nvr:
        nvr.answers = [Answer(body=three_seconds), Answer(body=three_seconds, cut=True)]
        assert len(visit(nvr, until(3)).captures) == 1
        nvr.answers = [Answer(503)]
        with pytest.raises(Unavailable):
            visit(nvr, until(3))


def test_what_a_device_never_has_is_told_once_patience_ends(three_seconds: bytes) -> None:
    with camera_source() as nvr:
        nvr.answers = [Answer(404)]
        delivery = visit(nvr, until(40))
        (gap,) = delivery.missed
        assert (gap.capture_start, gap.capture_end) == (MINUTE - timedelta(minutes=40), MINUTE - timedelta(minutes=30))
        assert gap.reason == "not_exported"
        assert delivery.said is not None
        assert delivery.said.headers == until(30), "and is not told again"
        assert visit(nvr, until(40)).missed[0].fact_id == gap.fact_id


def test_an_export_that_is_shorter_than_asked_is_taken_and_the_rest_is_a_gap(three_seconds: bytes) -> None:
    with camera_source() as nvr:
        nvr.answers = [Answer(body=three_seconds)]
        delivery = visit(nvr, until(1))
        (capture,), (gap,) = delivery.captures, delivery.missed
        assert capture.start == MINUTE - timedelta(minutes=1)
        assert (capture.end - capture.start).total_seconds() == pytest.approx(3, abs=0.1)
        assert (gap.capture_start, gap.capture_end, gap.reason) == (capture.end, MINUTE, "partial")


def test_a_device_that_states_its_times_is_believed_within_the_stretch(three_seconds: bytes) -> None:
    start, end = MINUTE - timedelta(seconds=50), MINUTE
    told = {"Capture-Start": utc_text(start), "Capture-End": utc_text(end)}
    with camera_source() as nvr:
        nvr.answers = [Answer(body=three_seconds, headers=told)]
        delivery = visit(nvr, until(1))
        assert (delivery.captures[0].start, delivery.captures[0].end) == (start, end)
        assert [(gap.capture_start, gap.capture_end) for gap in delivery.missed] == [
            (MINUTE - timedelta(minutes=1), start)
        ]
        nvr.answers = [Answer(body=three_seconds, headers={"Capture-Start": "yesterday"})]
        with pytest.raises(Rejected) as refused:
            visit(nvr, until(1))
        assert refused.value.reason == "malformed_footage"


def test_an_answer_that_is_no_clip_is_refused() -> None:
    with camera_source() as nvr:
        nvr.answers = [Answer(body=b"<html>log in</html>", media_type="text/html")]
        with pytest.raises(Rejected) as refused:
            visit(nvr, until(1))
        assert refused.value.reason == "unsupported_media_type"


@given(st.integers(-100, 100), st.integers(1, 200))
def test_what_came_and_what_is_missing_cover_what_was_asked(start: int, length: int) -> None:
    stretch = Stretch(MINUTE, MINUTE + timedelta(seconds=60))
    got = Stretch(MINUTE + timedelta(seconds=start), MINUTE + timedelta(seconds=start + length))
    inside = max(0.0, (min(got.end, stretch.end) - max(got.start, stretch.start)).total_seconds())
    told = sum((gap.end - gap.start).total_seconds() for gap in missing(stretch, got))
    assert told <= 60
    assert 60 - inside - told <= 4


def test_a_file_says_how_long_it_is_in_each_container(three_seconds: bytes) -> None:
    assert stated_seconds(three_seconds) == pytest.approx(3, abs=0.1)
    assert stated_seconds(clip(passing(50), form="avi", codec="mpeg4")) == pytest.approx(2, abs=0.1)
    assert stated_seconds(clip(passing(10), form="matroska")) is None
    with pytest.raises(Rejected, match="how long"):
        admit_seconds(b"")


@given(st.binary(max_size=200), st.integers(0, 400), st.booleans())
def test_no_file_makes_its_length_more_than_a_number(rest: bytes, at: int, avi: bool) -> None:
    head = (
        b"RIFF\0\0\0\0AVI LIST\0\0\0\0avih"
        if avi
        else b"\0\0\0\x18ftypisom\0\0\0\0isomavc1\0\0\0\x40moov\0\0\0\x38mvhd"
    )
    seconds = stated_seconds(head[: at or None] + rest)
    assert seconds is None or 0 < seconds <= 86_400
