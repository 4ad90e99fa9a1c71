"""RTSP without a socket: what is read of messages, descriptions, packets and clocks, and what is refused of them."""

import base64
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.cameras.rtsp.clock import CaptureClock
from civicam.cameras.rtsp.description import video_of
from civicam.cameras.rtsp.messages import LONGEST_HEAD, Answer, Interleaved, Wire
from civicam.cameras.rtsp.packets import Picture, Pictures, SenderReport, Ticks, sender_report
from civicam.contracts.errors import CityError, Rejected, Unavailable
from civicam.contracts.footage import ClockQuality

pytestmark = pytest.mark.unit
SDP = """v=0
o=- 1 1 IN IP4 192.168.1.7
s=Media Presentation
a=control:*
m=audio 0 RTP/AVP 0
a=control:rtsp://192.168.1.7/audio
m=video 0 RTP/AVP 26 96
a=rtpmap:26 JPEG/90000
a=rtpmap:96 H264/90000
a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=Z00AKZpmA8ARPyzUBAQFAAADA,aO48gA==
a=control:trackID=2
"""


def packet(payload: bytes, sequence: int, stamp: int, *, last: bool = False, kind: int = 96) -> bytes:
    return struct.pack(">BBHII", 0x80, kind | (128 if last else 0), sequence, stamp, 7) + payload


def pictures_of(*packets: bytes) -> tuple[list[Picture], int]:
    put_together = Pictures("h264", 96)
    return [one for each in packets for one in put_together.feed(each, 1.0)], put_together.damaged


class TestWire:
    MESSAGES = (
        b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 3\r\n\r\nabc"
        + b"$\x00\x00\x02hi"
        + (
            b"ANNOUNCE rtsp://x RTSP/1.0\r\nCSeq: 9\r\n\r\n" + b"RTSP/1.0 401 No\r\nWWW-Authenticate: Basic\r\n"
            b"WWW-Authenticate: Digest x\r\n\r\n"
        )
    )

    @pytest.mark.parametrize("step", [1, 2, 7, 1000])
    def test_messages_are_whole_however_they_come(self, step: int) -> None:
        wire, parts = Wire(), range(0, len(self.MESSAGES), step)
        found = [what for at in parts for what in wire.feed(self.MESSAGES[at : at + step])]
        assert found == [
            Answer(200, {"cseq": ("2",), "content-length": ("3",)}, b"abc"),
            Interleaved(0, b"hi"),
            Answer(401, {"www-authenticate": ("Basic", "Digest x")}, b""),
        ]

    @pytest.mark.parametrize(
        "sent",
        [
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n",
            b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"RTSP/1.0 abc\r\n\r\n",
            b"a" * LONGEST_HEAD,
        ],
    )
    def test_what_is_no_rtsp_ends_the_connection(self, sent: bytes) -> None:
        with pytest.raises(Unavailable):
            list(Wire().feed(sent))

    @given(st.lists(st.binary(max_size=200)))
    def test_no_bytes_whatever_raise_anything_else(self, parts: list[bytes]) -> None:
        wire = Wire()
        with suppress(CityError):
            for part in parts:
                list(wire.feed(part))


class TestDescription:
    def test_the_first_video_that_can_be_carried_is_taken(self) -> None:
        video = video_of(SDP.replace("BAQFAAADA", "BAQFAAAA").encode(), "rtsp://192.168.1.7/live/main/")
        assert (video.control, video.payload_type) == ("rtsp://192.168.1.7/live/main/trackID=2", 96)
        assert (video.codec, video.clock_rate, len(video.parameters)) == ("h264", 90_000, 2)
        assert video.parameters[1] == base64.b64decode("aO48gA==")

    def test_a_camera_of_another_codec_is_told_what_to_set(self) -> None:
        with pytest.raises(Rejected, match=r"set its stream to H\.264") as refused:
            video_of(b"m=video 0 RTP/AVP 26\r\na=rtpmap:26 JPEG/90000\r\n", "rtsp://x/")
        assert refused.value.reason == "no_video"

    @given(st.binary(max_size=500))
    def test_no_bytes_whatever_raise_anything_else(self, body: bytes) -> None:
        for text in (body, SDP.encode()[: len(body)] + body):
            with suppress(CityError):
                video_of(text, "rtsp://x/y")


class TestPictures:
    def test_single_aggregate_and_fragmented_units_make_a_picture(self) -> None:
        found, damaged = pictures_of(
            packet(b"\x78\x00\x02\x67A\x00\x02\x68B", 65_535, 10),
            packet(b"\x7c\x85abc", 0, 10),
            packet(b"\x7c\x45def", 1, 10, last=True),
            packet(b"\x41next", 2, 20, last=True),
        )
        assert [(one.ticks, one.units, one.is_key) for one in found] == [
            (10, (b"\x67A", b"\x68B", b"\x65abcdef"), True),
            (20, (b"\x41next",), False),
        ]
        assert damaged == 0

    def test_a_picture_of_which_a_packet_is_missing_is_dropped_and_counted(self) -> None:
        whole = [
            packet(b"\x65one", 1, 10, last=True),
            packet(b"\x7c\x81ab", 2, 20),
            packet(b"\x7c\x01cd", 3, 20),
            packet(b"\x7c\x41ef", 4, 20, last=True),
            packet(b"\x41three", 5, 30, last=True),
        ]
        found, damaged = pictures_of(*whole[:2], *whole[3:])
        assert ([one.ticks for one in found], damaged) == ([10, 30], 1)

    def test_padding_extensions_and_other_payloads_are_no_part_of_a_picture(self) -> None:
        padded = bytearray(packet(b"\x65one\x00\x00\x03", 1, 10, last=True))
        padded[0] |= 32
        extended = bytearray(packet(b"\xbe\xde\x00\x01abcd\x41two", 2, 20, last=True))
        extended[0] |= 16
        found, _ = pictures_of(bytes(padded), packet(b"sound", 3, 11, kind=0), bytes(extended))
        assert [one.units for one in found] == [(b"\x65one",), (b"\x41two",)]

    @given(st.lists(st.binary(max_size=60)), st.sampled_from(["h264", "hevc"]))
    def test_no_packet_whatever_raises(self, payloads: list[bytes], codec: str) -> None:
        put_together = Pictures(codec, 96)  # type: ignore[arg-type]
        for number, payload in enumerate(payloads):
            list(put_together.feed(packet(payload, number, number // 3), 0.0))
            list(put_together.feed(payload, 0.0))
            sender_report(payload, put_together.ticks, 0.0)

    def test_timestamps_go_on_over_the_end_of_their_bits(self) -> None:
        ticks = Ticks()
        stamps = [2**32 - 3600, 0, 3600, 2**32 - 1800, 7200]
        assert [ticks.unwrap(stamp) - 2**32 for stamp in stamps] == [-3600, 0, 3600, -1800, 7200]


class TestClock:
    def picture(self, ticks: int, at: float) -> Picture:
        return Picture(ticks, (b"\x65",), True, at)

    def report(self, ticks: int, camera_at: float, received_at: float) -> SenderReport:
        return SenderReport(ticks, camera_at, received_at)

    def test_a_camera_that_agrees_is_believed_to_the_tick(self) -> None:
        clock = CaptureClock(90_000)
        clock.hear(self.report(90_000, 1000.25, 1000.3))
        taken = clock.taken([self.picture(180_000, 1009.0)])
        assert (taken.at, taken.quality) == (1001.25, ClockQuality.SYNCED)

    @pytest.mark.parametrize("offset", [-3600 * 7, 2.5, 2.2e9])
    def test_one_that_is_off_is_not_and_it_is_said_by_how_much(self, offset: float) -> None:
        clock = CaptureClock(90_000)
        clock.hear(self.report(0, 1000 + offset, 1000))
        taken = clock.taken([self.picture(0, 1000.4), self.picture(9_000, 1000.2), self.picture(18_000, 1000.5)])
        assert taken.at == pytest.approx(1000.1)
        assert taken.quality is ClockQuality.RECEIVED
        assert f"{offset:+.1f} s" in str(clock.statement())
        assert clock.statement() is None

    def test_without_a_report_receipt_counts_and_it_is_said(self) -> None:
        clock = CaptureClock(90_000)
        assert clock.taken([self.picture(5, 7.0)]).quality is ClockQuality.RECEIVED
        assert "states no time" in str(clock.statement())

    def test_drift_is_told_in_millionths(self) -> None:
        clock = CaptureClock(90_000)
        clock.hear(self.report(0, 1000.0, 1000.0))
        assert clock.drift_ppm() is None
        assert "millionths" not in str(clock.statement())
        clock.hear(self.report(0, 1100.005, 1100.0))
        assert clock.drift_ppm() == pytest.approx(50)
        assert clock.statement() is None
        clock.hear(self.report(0, 1600.03, 1600.0))
        assert "+0.030 s from the recorder's and drifts +50 millionths" in str(clock.statement())

    def test_a_camera_that_knows_no_time_reports_none(self) -> None:
        silent = struct.pack(">BBHIIIIII", 0x80, 200, 6, 1, 0, 0, 90_000, 0, 0)
        assert sender_report(silent, Ticks(), 0.0) is None
        told = struct.pack(">BBHIIIIII", 0x80, 200, 6, 1, 2_208_988_900, 1 << 31, 90_000, 0, 0)
        assert sender_report(told, Ticks(), 5.0) == SenderReport(90_000, 100.5, 5.0)
