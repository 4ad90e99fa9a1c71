"""A camera on loopback that serves real footage over RTSP, inside the TCP connection, with sender reports.

For tests and for the benchmark: no wheel brings an RTSP server to Linux (docs/decisions/0031). It is checked against
libav's own client (tests/cameras/test_rtsp_camera.py). Its faults are set while it runs.
"""

import base64
import hashlib
import re
import secrets
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import av

RATE = 90_000
LONGEST_PAYLOAD = 1400
NTP_FROM_UNIX = 2_208_988_800
REALM = "civicam"
PAYLOAD_TYPE = 96


@dataclass(frozen=True)
class Coded:
    """One picture of the footage: its time from the first one, its NAL units."""

    ticks: int
    units: tuple[bytes, ...]
    is_key: bool


@dataclass
class RtspCamera:
    """One camera. What it shows begins at the footage's first picture for each client, and never ends."""

    pictures: tuple[Coded, ...]
    parameters: tuple[bytes, ...]
    codec: str
    lasts: int
    """Ticks of the whole footage."""
    speed: float = 1.0
    """How much faster than in real time it plays."""
    login: str = ""
    """user:password, where it asks for one."""
    scheme: str = "digest"
    algorithm: str = "MD5"
    clock_offset_s: float = 0.0
    """How far its clock is ahead."""
    reports: bool = True
    in_band: bool = True
    """Whether parameter sets come before each key picture too."""
    first_stamp: int = 4_294_000_000
    """Near the end of 32 bits, so that they wrap while somebody looks."""
    refuses: bool = False
    """Hangs up on whoever connects."""
    turned_away: int = 0
    shows: int | None = None
    """After so many pictures it hangs up."""
    loses: frozenset[int] = frozenset()
    """Numbers of pictures of which a packet is left out."""
    port: int = 0
    sent: list[list[Coded]] = field(default_factory=list)
    """By connection: the pictures that went out whole."""
    asked: list[str] = field(default_factory=list)
    open: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"rtsp://127.0.0.1:{self.port}/live/main"

    def hang_up(self) -> None:
        """End every connection."""
        for wire in list(self.open):
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def sent_bytes(self) -> int:
        """Of coded pictures, parameter sets not counted."""
        return sum(len(unit) for sent in self.sent for picture in sent for unit in picture.units)

    def description(self) -> bytes:
        """Its SDP; the sound that it names is never asked for."""
        name = {"h264": "H264", "hevc": "H265"}[self.codec]
        given = [base64.b64encode(unit).decode() for unit in self.parameters]
        sets = (
            f"packetization-mode=1;sprop-parameter-sets={','.join(given)}"
            if self.codec == "h264"
            else ";".join(f"sprop-{kind}={unit}" for kind, unit in zip(("vps", "sps", "pps"), given, strict=False))
        )
        lines = [
            "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=camera", "t=0 0", "a=control:*",
            "m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=control:trackID=1",
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}", f"a=rtpmap:{PAYLOAD_TYPE} {name}/{RATE}",
            f"a=fmtp:{PAYLOAD_TYPE} {sets}", "a=control:trackID=2", "",
        ]  # fmt: skip
        return "\r\n".join(lines).encode()


@contextmanager
def rtsp_camera(footage: Path, **settings: object) -> Iterator[RtspCamera]:
    """The footage (H.264 or H.265 in MP4), served until the block ends; settings are RtspCamera's own."""
    camera = RtspCamera(*_read(footage), **settings)  # type: ignore[arg-type]

    class Server(ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            if camera.refuses:
                camera.turned_away += 1
            else:
                _Session(camera, self.request).serve()

    with Server(("127.0.0.1", camera.port), Handler) as server:
        camera.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield camera
        finally:
            server.shutdown()
            camera.hang_up()
            thread.join()


class _Session:
    def __init__(self, camera: RtspCamera, wire: socket.socket) -> None:
        self._camera, self._wire, self._lock = camera, wire, threading.Lock()
        self._nonce, self._ended, self._channel = secrets.token_hex(16), threading.Event(), 0
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def serve(self) -> None:
        self._camera.open.append(self._wire)
        player: threading.Thread | None = None
        try:
            for method, url, headers in self._requests():
                self._camera.asked.append(method)
                self._answer(method, url, headers)
                if method == "PLAY" and player is None and self._may(method, headers):
                    player = threading.Thread(target=self._play, daemon=True)
                    player.start()
        except OSError:
            pass
        finally:
            self._ended.set()
            self._camera.open.remove(self._wire)
            if player:
                player.join()

    def _requests(self) -> Iterator[tuple[str, str, dict[str, str]]]:
        held = b""
        while received := self._wire.recv(65_536):
            held += received
            while b"\r\n\r\n" in held:
                head, _, held = held.partition(b"\r\n\r\n")
                first, *lines = head.decode().split("\r\n")
                method, url, _ = first.split(" ")
                yield (
                    method,
                    url,
                    {name.lower(): value.strip() for name, _, value in (li.partition(":") for li in lines)},
                )

    def _answer(self, method: str, url: str, headers: dict[str, str]) -> None:
        told = {"CSeq": headers["cseq"]}
        if not self._may(method, headers):
            self._say("401 Unauthorized", told | {"WWW-Authenticate": self._challenge()})
        elif method == "OPTIONS":
            self._say("200 OK", told | {"Public": "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"})
        elif method == "DESCRIBE":
            content = {"Content-Type": "application/sdp", "Content-Base": f"{url}/"}
            self._say("200 OK", told | content, self._camera.description())
        elif method == "SETUP" and "TCP" not in headers.get("transport", ""):
            self._say("461 Unsupported Transport", told)
        elif method == "SETUP":
            channels = re.search(r"interleaved=(\d+)-\d+", headers["transport"])
            channel = int(channels[1]) if channels else 0
            if url.endswith("trackID=2"):
                self._channel = channel
            transport = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1};ssrc=00000001"
            self._say("200 OK", told | {"Transport": transport, "Session": "4711;timeout=60"})
        else:
            self._say("200 OK", told | {"Session": "4711"})

    def _may(self, method: str, headers: dict[str, str]) -> bool:
        camera = self._camera
        if not camera.login or method == "OPTIONS":
            return True
        scheme, _, told = headers.get("authorization", "").partition(" ")
        if camera.scheme == "basic":
            return scheme == "Basic" and base64.b64decode(told).decode() == camera.login
        parts = dict(re.findall(r'(\w+)="([^"]*)"', told))
        user, _, password = camera.login.partition(":")
        who, what = self._hash(f"{user}:{REALM}:{password}"), self._hash(f"{method}:{parts.get('uri')}")
        right = self._hash(f"{who}:{self._nonce}:{what}")
        return (parts.get("nonce"), parts.get("username"), parts.get("response")) == (self._nonce, user, right)

    def _challenge(self) -> str:
        if self._camera.scheme == "basic":
            return f'Basic realm="{REALM}"'
        return f'Digest realm="{REALM}", nonce="{self._nonce}", algorithm={self._camera.algorithm}'

    def _hash(self, text: str) -> str:
        name = self._camera.algorithm.replace("-", "").lower()
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

    def _say(self, status: str, headers: dict[str, str], body: bytes = b"") -> None:
        told = headers | ({"Content-Length": str(len(body))} if body else {})
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        with self._lock:
            self._wire.sendall(f"RTSP/1.0 {status}\r\n{lines}\r\n".encode() + body)

    def _play(self) -> None:
        camera, sequence, started = self._camera, count(65_500), time.time()
        sent: list[Coded] = []
        camera.sent.append(sent)
        try:
            for number, (ticks, picture) in enumerate(self._shown()):
                wait = started + ticks / RATE / camera.speed - time.time()
                if (wait > 0 and self._ended.wait(wait)) or self._ended.is_set() or number == camera.shows:
                    break
                if camera.reports and number % 50 == 0:
                    self._frame(
                        self._channel + 1, _report(started + ticks / RATE + camera.clock_offset_s, self._stamp(ticks))
                    )
                packets = [_rtp(part, next(sequence), self._stamp(ticks), last) for part, last in self._parts(picture)]
                if number in camera.loses:
                    del packets[len(packets) // 2]
                with self._lock:
                    self._wire.sendall(b"".join(_interleaved(self._channel, packet) for packet in packets))
                if number not in camera.loses:
                    sent.append(picture)
        except OSError:
            pass
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)

    def _shown(self) -> Iterator[tuple[int, Coded]]:
        for turn in count():
            for picture in self._camera.pictures:
                yield turn * self._camera.lasts + picture.ticks, picture

    def _stamp(self, ticks: int) -> int:
        return (self._camera.first_stamp + ticks) % (1 << 32)

    def _frame(self, channel: int, payload: bytes) -> None:
        with self._lock:
            self._wire.sendall(_interleaved(channel, payload))

    def _parts(self, picture: Coded) -> Iterator[tuple[bytes, bool]]:
        """Payloads, and whether each is its picture's last."""
        parts: list[bytes] = []
        is_h264 = self._camera.codec == "h264"
        if picture.is_key and self._camera.in_band:
            sets = b"".join(struct.pack(">H", len(unit)) + unit for unit in self._camera.parameters)
            parts.append((b"\x78" if is_h264 else b"\x60\x01") + sets)
        for unit in picture.units:
            parts += _fragments(unit, is_h264=is_h264)
        for index, part in enumerate(parts):
            yield part, index == len(parts) - 1


def _fragments(unit: bytes, *, is_h264: bool) -> Iterator[bytes]:
    if len(unit) <= LONGEST_PAYLOAD:
        yield unit
        return
    size = 1 if is_h264 else 2
    kind = unit[0] & 31 if is_h264 else unit[0] >> 1 & 63
    head = bytes([unit[0] & 0xE0 | 28]) if is_h264 else bytes([unit[0] & 0x81 | 49 << 1, unit[1]])
    for at in range(size, len(unit), LONGEST_PAYLOAD):
        flags = (128 if at == size else 0) | (64 if at + LONGEST_PAYLOAD >= len(unit) else 0)
        yield head + bytes([flags | kind]) + unit[at : at + LONGEST_PAYLOAD]


def _rtp(payload: bytes, sequence: int, stamp: int, last: bool) -> bytes:
    return struct.pack(">BBHII", 0x80, PAYLOAD_TYPE | (128 if last else 0), sequence & 0xFFFF, stamp, 1) + payload


def _report(at: float, stamp: int) -> bytes:
    ntp = at + NTP_FROM_UNIX
    return struct.pack(">BBHIIIIII", 0x80, 200, 6, 1, int(ntp), int(ntp % 1 * (1 << 32)), stamp, 0, 0)


def _interleaved(channel: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", ord("$"), channel, len(payload)) + payload


def _read(footage: Path) -> tuple[tuple[Coded, ...], tuple[bytes, ...], str, int]:
    with av.open(str(footage)) as opened:
        video = opened.streams.video[0]
        base, codec = video.time_base or 1, video.codec_context.name.replace("lib", "")
        packets = [packet for packet in opened.demux(video) if packet.size and packet.pts is not None]
        first = min(packet.pts or 0 for packet in packets)
        pictures = tuple(
            Coded(round(((packet.pts or 0) - first) * base * RATE), tuple(_units(bytes(packet))), packet.is_keyframe)
            for packet in packets
        )
        sets = tuple(_sets(bytes(video.codec_context.extradata or b""), codec))
    shown = sorted(picture.ticks for picture in pictures)
    return pictures, sets, codec, shown[-1] + (shown[-1] - shown[0]) // max(1, len(shown) - 1)


def _units(packet: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(packet):
        length = int.from_bytes(packet[at : at + 4], "big")
        yield packet[at + 4 : at + 4 + length]
        at += 4 + length


def _sets(head: bytes, codec: str) -> Iterator[bytes]:
    """Parameter sets of an avcC or hvcC box (ISO/IEC 14496-15)."""
    if codec == "h264":
        counts, at = (head[5] & 31, None), 6
        for number in counts:
            many = head[at] if number is None else number
            at += number is None
            for _ in range(many):
                length = int.from_bytes(head[at : at + 2], "big")
                yield head[at + 2 : at + 2 + length]
                at += 2 + length
        return
    at = 23
    for _ in range(head[22]):
        kind, many, at = head[at] & 63, int.from_bytes(head[at + 1 : at + 3], "big"), at + 3
        for _ in range(many):
            length = int.from_bytes(head[at : at + 2], "big")
            if kind in {32, 33, 34}:
                yield head[at + 2 : at + 2 + length]
            at += 2 + length
