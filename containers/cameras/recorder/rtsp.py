"""A camera read over RTSP, its packets inside the TCP connection that the recorder opened; libav takes no part in it.

The camera's answers are not trusted: the address is checked and pinned, redirections are refused, every length is
bounded, and a message names neither address nor login.
"""

import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import SecretStr

from civicam.aws.addresses import Network, parse_url, resolve_allowed
from civicam.cameras.authentication import Access
from civicam.cameras.rtsp.clock import CaptureClock
from civicam.cameras.rtsp.description import Video, video_of
from civicam.cameras.rtsp.messages import Answer, Interleaved, Wire, request
from civicam.cameras.rtsp.packets import Picture, Pictures, SenderReport, sender_report
from civicam.contracts.credentials import Credentials, origin_of
from civicam.contracts.errors import Rejected, Unavailable

SCHEMES = {"rtsp": 554, "rtsps": 322}
SILENCE_S = 10.0
"""A camera that says nothing for so long is gone: a stream has pictures many times a second."""
CHUNK = 1 << 18
_SESSION_S = 60
"""How long a session lives without a sign of life, unless the camera says so (RFC 2326, 12.37)."""


def login_of(text: str, url: str, scheme: Literal["basic", "digest"] = "digest") -> Credentials:
    """`user:password` for the camera at this address; raises Rejected (`malformed_login`)."""
    user, _, password = text.strip().partition(":")
    try:
        return Credentials(scheme=scheme, username=user, secret=SecretStr(password), origins=(origin_of(url),))
    except ValueError as error:
        raise Rejected("malformed_login", "a login is written user:password in one line") from error


@dataclass(frozen=True)
class RtspCamera:
    """A camera's stream: `rtsp://` or `rtsps://`, without a login in it; `networks` are the private ones it may be in.

    `tls` None: the system's authorities. Recorders in a shop's network mostly speak plain RTSP to what is beside them.
    """

    url: str
    networks: Sequence[Network] = ()
    login: Credentials | None = field(default=None, repr=False)
    silence_s: float = SILENCE_S
    tls: ssl.SSLContext | None = None

    def connect(self) -> "Stream":
        """The stream, playing.

        Raises Rejected (`refused_address`, `credentials_refused`, `no_video`, `source_refused`); Unavailable for what
        passes.
        """
        wire = self._dial()
        stream = Stream(wire, self.url, Access(self.login) if self.login else None, self.silence_s)
        try:
            stream.begin()
        except BaseException:
            stream.close()
            raise
        return stream

    def _dial(self) -> socket.socket:
        address = resolve_allowed(self.url, self.networks, ports=SCHEMES)
        parts = parse_url(self.url, SCHEMES)
        try:
            wire = socket.create_connection((str(address), parts.port or SCHEMES[parts.scheme]), self.silence_s)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if parts.scheme == "rtsps":
                wire = (self.tls or ssl.create_default_context()).wrap_socket(wire, server_hostname=parts.hostname)
        except OSError as error:
            raise Unavailable(f"the camera cannot be reached: {type(error).__name__}") from error
        return wire


class Stream:
    """One connection to a camera: what it plays, and what its clock says."""

    video: Video
    clock: CaptureClock

    def __init__(self, wire: socket.socket, url: str, access: Access | None, silence_s: float) -> None:
        self._socket, self._url, self._access = wire, url, access
        self._shown = False
        self._wire, self._sequence, self._session, self._alive_every = Wire(), 0, "", _SESSION_S / 2
        self._early: list[Interleaved] = []
        self._aggregate, self._next_sign, self._keep_alive = url, 0.0, "OPTIONS"
        wire.settimeout(silence_s)

    @property
    def damaged(self) -> int:
        """Pictures that were dropped, for a packet of theirs never came."""
        return self._pictures.damaged

    def begin(self) -> None:
        """Describe, set up, play."""
        options = self._ask("OPTIONS", self._url)
        if "GET_PARAMETER" in options.header("public"):
            self._keep_alive = "GET_PARAMETER"
        described = self._ask("DESCRIBE", self._url, Accept="application/sdp")
        base = described.header("content-base") or described.header("content-location") or self._url
        self.video = video_of(described.body, base)
        self.clock = CaptureClock(self.video.clock_rate)
        self._pictures = Pictures(self.video.codec, self.video.payload_type)
        setup = self._ask("SETUP", self.video.control, Transport="RTP/AVP/TCP;unicast;interleaved=0-1")
        if "interleaved=0-1" not in setup.header("transport").replace(" ", "").lower():
            raise Rejected(
                "source_refused", "the camera sends no video inside RTSP's own connection: allow RTP over TCP"
            )
        self._session, _, rest = setup.header("session").partition(";")
        self._alive_every = _session_seconds(rest) / 2
        self._aggregate = base
        self._ask("PLAY", base, Range="npt=0.000-")
        self._next_sign = time.monotonic() + self._alive_every

    def received(self) -> Iterator[Picture | SenderReport]:
        """Pictures and the camera's statements of time as they come, without end.

        Raises Unavailable when the camera ends, falls silent, or says what no camera should.
        """
        early, self._early = self._early, []
        for frame in early:
            yield from self._take(frame)
        while True:
            for message in self._receive():
                if isinstance(message, Interleaved):
                    yield from self._take(message)
                elif message.status in {401, 454}:
                    raise Unavailable(f"the camera ended the session: it answers {message.status}")
            self._show_life()

    def close(self) -> None:
        """End the connection; the camera frees the session with it."""
        self._socket.close()

    def _take(self, frame: Interleaved) -> Iterator[Picture | SenderReport]:
        at = time.time()
        if frame.channel == 0:
            yield from self._pictures.feed(frame.payload, at)
        elif frame.channel == 1 and (report := sender_report(frame.payload, self._pictures.ticks, at)):
            self.clock.hear(report)
            yield report

    def _ask(self, method: str, url: str, **headers: str) -> Answer:
        """The answer to a request, the login shown where it is asked for."""
        answer = self._answer_to(method, url, headers)
        while answer.status == 401:
            if self._access is None:
                told = f"the camera answers {method} with 401: give its login by --login-file"
                raise Rejected("credentials_refused", told)
            self._access.refused(answer.headers.get("www-authenticate", ()), shown=self._shown)
            answer = self._answer_to(method, url, headers)
        if answer.status in {408, 453, 503} or answer.status >= 505:
            raise Unavailable(f"the camera answers {method} with {answer.status}")
        if answer.status != 200:
            raise Rejected("source_refused", f"the camera answers {method} with {answer.status}: check its address")
        return answer

    def _answer_to(self, method: str, url: str, headers: dict[str, str]) -> Answer:
        self._send(method, url, headers)
        deadline = time.monotonic() + (self._socket.gettimeout() or SILENCE_S)
        while time.monotonic() < deadline:
            answers = []
            for message in self._receive():
                if isinstance(message, Interleaved):
                    self._early.append(message)
                else:
                    answers.append(message)
            if answers and answers[-1].header("cseq") in {str(self._sequence), ""}:
                return answers[-1]
        raise Unavailable(f"the camera does not answer {method}")

    def _send(self, method: str, url: str, headers: dict[str, str]) -> None:
        self._sequence += 1
        session = {"Session": self._session} if self._session else {}
        shown = self._access.header(method, url) if self._access else None
        self._shown = shown is not None
        told = headers | session | ({"Authorization": shown} if shown else {})
        try:
            self._socket.sendall(request(method, url, self._sequence, told))
        except (OSError, UnicodeEncodeError) as error:
            raise Unavailable(f"the camera cannot be asked: {type(error).__name__}") from error

    def _receive(self) -> Iterator[Answer | Interleaved]:
        try:
            received = self._socket.recv(CHUNK)
        except OSError as error:
            raise Unavailable(f"the camera says nothing: {type(error).__name__}") from error
        if not received:
            raise Unavailable("the camera ended the connection")
        return self._wire.feed(received)

    def _show_life(self) -> None:
        if time.monotonic() >= self._next_sign:
            self._next_sign = time.monotonic() + self._alive_every
            self._send(self._keep_alive, self._aggregate, {})


def _session_seconds(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    told = value.strip()
    return min(max(float(told), 4.0), 600.0) if name == "timeout" and told.isascii() and told.isdigit() else _SESSION_S
