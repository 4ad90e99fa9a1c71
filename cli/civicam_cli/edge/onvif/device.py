"""One ONVIF device asked what it is: its clock, its services, its profiles with their streams and snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import urllib3

from civicam.aws.addresses import Network, parse_url, resolve_allowed
from civicam.contracts.base import now
from civicam.contracts.errors import Rejected, Unavailable
from civicam_cli.edge.onvif.soap import LONGEST, Login, each, envelope, read, text, username_token

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
TIMEOUT = urllib3.Timeout(connect=3, read=8)
MOST_PROFILES = 32


@dataclass(frozen=True)
class Profile:
    """A way in which the device shows its picture."""

    token: str
    name: str
    codec: str
    width: int
    height: int
    fps: int
    stream: str
    """Its RTSP address, without a login."""
    snapshot: str


@dataclass(frozen=True)
class Described:
    """What a device says of itself."""

    address: str
    manufacturer: str
    model: str
    firmware: str
    serial: str
    clock_offset_s: float
    """How far its clock is ahead of this machine's."""
    services: tuple[str, ...]
    """Namespaces of the services that it offers: its capabilities."""
    profiles: tuple[Profile, ...]


@dataclass
class Device:
    """Asks one device, at an address that was checked and is pinned; raises Rejected and Unavailable from each call."""

    url: str
    networks: Sequence[Network]
    login: Login | None = None
    _offset: timedelta = field(default=timedelta(0))

    def describe(self) -> Described:
        """Everything; what a device does not know (a snapshot, say) is left empty."""
        self._offset = self._clock()
        information = self._ask(self.url, DEVICE, "<GetDeviceInformation xmlns='{0}'/>")
        services = self._services()
        media = self._same_host(services.get(MEDIA, ""))
        return Described(
            address=self.url,
            manufacturer=text(information, "Manufacturer"),
            model=text(information, "Model"),
            firmware=text(information, "FirmwareVersion"),
            serial=text(information, "SerialNumber"),
            clock_offset_s=round(self._offset.total_seconds(), 1),
            services=tuple(sorted(services)),
            profiles=tuple(self._profiles(media)) if media else (),
        )

    def _clock(self) -> timedelta:
        """How far the device's clock is ahead; a login is refused where it bears another time than the device's."""
        told = self._ask(self.url, DEVICE, "<GetSystemDateAndTime xmlns='{0}'/>", anonymous=True)
        utc = next(each(told, "UTCDateTime"), None)
        if utc is None:
            return timedelta(0)
        try:
            year, month, day, hour, minute, second = (int(text(utc, *path)) for path in _CLOCK)
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - now()
        except ValueError:
            return timedelta(0)

    def _services(self) -> dict[str, str]:
        """Addresses by namespace; of older devices by their capabilities."""
        try:
            ask = "<GetServices xmlns='{0}'><IncludeCapability>false</IncludeCapability></GetServices>"
            told = self._ask(self.url, DEVICE, ask)
            return {text(one, "Namespace"): text(one, "XAddr") for one in each(told, "Service")}
        except Rejected as error:
            if error.reason != "device_refuses":
                raise
        told = self._ask(self.url, DEVICE, "<GetCapabilities xmlns='{0}'><Category>All</Category></GetCapabilities>")
        media = next((text(one, "XAddr") for one in each(told, "Media")), "")
        return {DEVICE: self.url} | ({MEDIA: media} if media else {})

    def _profiles(self, media: str) -> list[Profile]:
        told = self._ask(media, MEDIA, "<GetProfiles xmlns='{0}'/>")
        found = []
        for one in [*each(told, "Profiles")][:MOST_PROFILES]:
            token = one.get("token", "")
            encoder = next(each(one, "VideoEncoderConfiguration"), None)
            if not token or encoder is None:
                continue
            size = [_number(text(encoder, "Resolution", side)) for side in ("Width", "Height")]
            found.append(
                Profile(
                    token=token,
                    name=text(one, "Name"),
                    codec=text(encoder, "Encoding"),
                    width=size[0],
                    height=size[1],
                    fps=_number(text(encoder, "RateControl", "FrameRateLimit")),
                    stream=self._uri(media, _STREAM, token),
                    snapshot=self._uri(media, _SNAPSHOT, token),
                )
            )
        return found

    def _uri(self, media: str, ask: str, token: str) -> str:
        try:
            told = self._ask(media, MEDIA, ask.replace("{token}", escape(token)))
        except Rejected as error:
            if error.reason == "device_refuses":
                return ""
            raise
        return without_login(text(told, "Uri"))

    def _same_host(self, url: str) -> str:
        """A device's services are its own: it does not send us elsewhere with its login."""
        if url and urlsplit(url).hostname != urlsplit(self.url).hostname:
            raise Rejected("refused_address", "the device names a service at another address than its own")
        return url

    def _ask(self, url: str, namespace: str, body: str, *, anonymous: bool = False) -> "Element":
        security = username_token(self.login, now() + self._offset) if self.login and not anonymous else ""
        answer = self._post(url, envelope(body.replace("{0}", namespace).replace("{1}", SCHEMA), security))
        document = read(answer.data or b"")
        fault = next(each(document, "Fault"), None)
        if fault is None and answer.status == 200:
            return document
        told = " ".join(text(one) for one in (each(fault, "Value") if fault is not None else ()))
        if answer.status == 401 or "NotAuthorized" in told:
            raise Rejected("credentials_refused", "the device refuses the login, or wants one: give it by --login-file")
        raise Rejected("device_refuses", f"the device answers {answer.status} {told[:100]}")

    def _post(self, url: str, body: bytes) -> urllib3.BaseHTTPResponse:
        address, parts = resolve_allowed(url, self.networks), parse_url(url)
        if parts.scheme != "http":
            raise Rejected("refused_address", "devices are asked over http, the password never in clear")
        headers = {"Content-Type": "application/soap+xml; charset=utf-8", "Host": parts.netloc}
        try:
            with urllib3.HTTPConnectionPool(str(address), parts.port or 80, timeout=TIMEOUT, retries=False) as pool:
                answer = pool.urlopen(
                    "POST", parts.path or "/", body=body, headers=headers, redirect=False, preload_content=False
                )
                content = answer.read(LONGEST + 1, decode_content=False)
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"the device cannot be asked: {type(error).__name__}") from error
        return urllib3.HTTPResponse(content, status=answer.status)


_CLOCK = (
    ("Date", "Year"), ("Date", "Month"), ("Date", "Day"), ("Time", "Hour"), ("Time", "Minute"), ("Time", "Second"),
)  # fmt: skip
_STREAM = (
    "<GetStreamUri xmlns='{0}'><StreamSetup><Stream xmlns='{1}'>RTP-Unicast</Stream>"
    "<Transport xmlns='{1}'><Protocol>RTSP</Protocol></Transport></StreamSetup>"
    "<ProfileToken>{token}</ProfileToken></GetStreamUri>"
)
_SNAPSHOT = "<GetSnapshotUri xmlns='{0}'><ProfileToken>{token}</ProfileToken></GetSnapshotUri>"


def without_login(uri: str) -> str:
    """The address without the user and password that some devices put into it; nothing where it is none."""
    try:
        parts = urlsplit(uri)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in {"rtsp", "rtsps", "http", "https"} or not host:
        return ""
    return parts._replace(netloc=f"{host}{port}").geturl()


def _number(told: str) -> int:
    return int(told) if told.isascii() and told.isdigit() and len(told) < 7 else 0
