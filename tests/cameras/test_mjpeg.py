"""Streams of pictures: however a camera writes them, the same pictures come out; whoever means harm ends bounded."""

import ipaddress
import itertools
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from civicam.aws.addresses import Reach
from civicam.aws.http_source import Asked, SourceReader
from civicam.aws.mjpeg import StreamReader
from civicam.cameras.multipart import LONGEST_LINE, Multipart
from civicam.contracts.errors import Rejected, Unavailable
from civicam.contracts.sources import MjpegSource
from tests.cameras.conftest import AT
from tests.fakes.camera_source import Answer, Source, camera_source

pytestmark = pytest.mark.unit
REACH = Reach((ipaddress.ip_network("127.0.0.0/8"),), "1-65535")
MAX = 20_000


def picture(number: int, size: int = 50) -> bytes:
    return b"\xff\xd8" + bytes([number % 200]) * size + b"\xff\xd9"


def stream(pictures: list[bytes], line: bytes = b"--cam", end: bytes = b"\r\n", length: str = "right") -> bytes:
    """As a camera writes it: each picture behind a boundary, with a length that is right, wrong, odd or missing."""
    told = b"preamble" + end
    for each in pictures:
        stated = {"right": len(each), "short": len(each) // 2, "long": 10**9, "odd": "-1, 7"}.get(length)
        head = [line, b"Content-Type: image/jpeg"] + ([f"Content-Length: {stated}".encode()] if stated else [])
        told += end.join(head) + end + end + each + end
    return told + line + b"--" + end


def cut(told: bytes, *, content_type: str = "multipart/x-mixed-replace; boundary=cam", piece: int = 7) -> list[bytes]:
    parts = Multipart(content_type, MAX)
    return [one for at in range(0, len(told), piece) for one in parts.feed(told[at : at + piece])]


PICTURES = [picture(number) for number in range(4)]


@pytest.mark.parametrize("length", ["right", "short", "long", "odd", "missing"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize(
    ("named", "line"),
    [
        ("boundary=cam", b"--cam"),
        ('boundary="cam"', b"--cam"),
        ("boundary=--cam", b"--cam"),
        ("boundary=--cam", b"----cam"),
        ("BOUNDARY=cam; charset=x", b"--cam"),
        ("boundary=cam", b"cam"),
        ("", b"--whatever"),
        ('boundary=""', b"--whatever"),
    ],
)
def test_every_way_to_write_a_stream_gives_the_same_pictures(named: str, line: bytes, end: bytes, length: str) -> None:
    told = stream(PICTURES, line, end, length)
    assert cut(told, content_type=f"multipart/x-mixed-replace; {named}") == PICTURES


@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(1, 400), st.sampled_from([b"\r\n", b"\n"]))
def test_it_does_not_matter_how_a_stream_arrives(bodies: list[bytes], piece: int, end: bytes) -> None:
    pictures = [b"\xff\xd8" + body.replace(b"cam", b"") + b"\xff\xd9" for body in bodies]
    assert cut(stream(pictures, end=end), piece=piece) == pictures


@settings(max_examples=200)
@given(st.binary(max_size=3000), st.integers(1, 500), st.text(max_size=60), st.booleans())
def test_whatever_arrives_is_cut_or_refused_and_little_is_held(
    told: bytes, piece: int, named: str, begun: bool
) -> None:
    parts = Multipart(f"multipart/x-mixed-replace; boundary={named}", 1000)
    start = b"--" + named.encode("latin-1", "replace") + b"\r\n" if begun else b""
    with suppress(Rejected):
        for at in range(0, len(told), piece):
            for one in parts.feed((start if at == 0 else b"") + told[at : at + piece]):
                assert one.startswith(b"\xff\xd8")
            assert len(parts._held) <= 1000 + LONGEST_LINE + piece


def test_a_picture_without_end_is_refused_before_it_fills_the_memory() -> None:
    parts = Multipart("multipart/x-mixed-replace; boundary=cam", MAX)
    list(parts.feed(b"--cam\r\n\r\n\xff\xd8"))
    with pytest.raises(Rejected) as refused:
        list(itertools.chain.from_iterable(parts.feed(bytes(1000)) for _ in range(100)))
    assert refused.value.reason == "too_large"
    assert len(parts._held) <= MAX + LONGEST_LINE + 1000


@pytest.mark.parametrize("told", [b"\xff\xd8" + bytes(20_000), b"<html>\n" + b"no lines" * 2000, b"-" * 20_000])
def test_what_has_no_boundary_is_no_stream(told: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        cut(told)
    assert refused.value.reason == "malformed_stream"


def test_parts_that_are_no_pictures_are_passed_over() -> None:
    assert cut(stream([b"<html>", picture(1), b"", b"\xff\xd8 half", picture(2)])) == [picture(1), picture(2)]


@pytest.fixture
def camera() -> Iterator[Source]:
    with camera_source() as one:
        yield one


def watched(camera: Source, body: bytes, *, fps: float = 2, each: float = 0.1, max_bytes: int = 10**7) -> list[bytes]:
    """What is kept of a stream of ten pictures a second (by a clock that the test turns), with moments that rise."""
    camera.answers = [
        Answer(body=body, media_type="multipart/x-mixed-replace; boundary=cam", headers={"Connection": "close"})
    ]
    ticks, moments = itertools.count(), itertools.count()
    reader = StreamReader(
        SourceReader(REACH, max_bytes),
        clock=lambda: AT + timedelta(milliseconds=next(moments)),
        passed=lambda: next(ticks) * each,
    )
    kept = reader.read(MjpegSource(url=camera.url, seconds=5, fps=fps))
    assert list(kept) == sorted(kept)
    return list(kept.values())


def test_pictures_are_kept_at_the_rate_that_is_asked_for(camera: Source) -> None:
    body = stream([picture(number, 70_000) for number in range(40)])
    assert 5 <= len(watched(camera, body, fps=2)) <= 10, "five seconds at most; the clock ticks for pieces, too"
    assert len(watched(camera, body, fps=10)) > 15


def test_a_stream_is_left_when_its_time_is_over(camera: Source) -> None:
    body = stream([picture(number) for number in range(500)])
    kept = watched(camera, body, fps=10)
    assert len(kept) <= 51
    assert kept[-1] in {picture(number) for number in range(52)}


def test_a_stream_that_stands_still_gives_one_picture(camera: Source) -> None:
    assert watched(camera, stream([picture(1)] * 30)) == [picture(1)]


def test_what_was_read_before_a_stream_broke_off_counts(camera: Source) -> None:
    whole = stream(PICTURES)
    camera.answers = [Answer(body=whole[:-60], media_type="multipart/x-mixed-replace; boundary=cam", cut=True)]
    kept = StreamReader(SourceReader(REACH)).read(MjpegSource(url=camera.url, fps=10))
    assert next(iter(kept.values())) == PICTURES[0]


def test_a_stream_that_never_shows_a_picture_is_left(camera: Source) -> None:
    camera.answers = [
        Answer(
            body=b"--cam\r\n" * 50, media_type="multipart/x-mixed-replace; boundary=cam", drip_seconds=0.05, cut=True
        )
    ]
    reader = SourceReader(REACH)
    with pytest.raises(Unavailable, match="TimeoutError"), reader.opened(_asked(camera), 0.5) as answer:
        list(iter(lambda: answer.read1(10), b""))
    assert camera.pieces_sent < 350


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(body=b"x", media_type="image/jpeg"), "unsupported_media_type"),
        (Answer(body=b"--cam--\r\n", media_type="multipart/x-mixed-replace; boundary=cam"), "empty"),
        (Answer(body=b"a" * 9000, media_type="multipart/x-mixed-replace"), "malformed_stream"),
        (Answer(404), "source_refused"),
    ],
)
def test_what_is_no_stream_is_refused(camera: Source, answer: Answer, reason: str) -> None:
    camera.answers = [answer]
    with pytest.raises(Rejected) as refused:
        StreamReader(SourceReader(REACH)).read(MjpegSource(url=camera.url))
    assert refused.value.reason == reason


def test_the_pictures_together_are_bounded(camera: Source) -> None:
    with pytest.raises(Rejected, match="keep fewer"):
        watched(camera, stream([picture(number, 400) for number in range(50)]), fps=10, max_bytes=2000)


def test_reads_of_a_stream_do_not_meet() -> None:
    with pytest.raises(ValidationError, match="must end before"):
        MjpegSource(url="http://camera.example/", interval_seconds=10, seconds=10)


def _asked(camera: Source) -> Asked:
    return Asked(camera.url, ("multipart/x-mixed-replace",))
