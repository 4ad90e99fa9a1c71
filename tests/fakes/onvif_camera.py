"""An ONVIF camera on loopback: probes over UDP, SOAP over HTTP, logins by its own clock; and how it misbehaves."""

# ruff: noqa: E501 - XML as devices write it

import base64
import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

from tests.fakes.loopback import Quiet, listening

NAMESPACES = {
    "SOAP-ENV": "http://www.w3.org/2003/05/soap-envelope",
    "tt": "http://www.onvif.org/ver10/schema",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "d": "http://schemas.xmlsoap.org/ws/2005/04/discovery",
    "wsa": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
}
KNOWN = " ".join(f'xmlns:{name}="{address}"' for name, address in NAMESPACES.items())
ENVELOPE = f'<?xml version="1.0"?><SOAP-ENV:Envelope {KNOWN}>{{}}</SOAP-ENV:Envelope>'
PROFILES = """<trt:GetProfilesResponse>
<trt:Profiles token="main" fixed="true"><tt:Name>Hauptstrom &amp; mehr</tt:Name><tt:VideoEncoderConfiguration token="e1">
<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>1920</tt:Width><tt:Height>1080</tt:Height></tt:Resolution>
<tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit></tt:RateControl></tt:VideoEncoderConfiguration></trt:Profiles>
<trt:Profiles token="sub"><tt:Name>sub</tt:Name><tt:VideoEncoderConfiguration token="e2"><tt:Encoding>JPEG</tt:Encoding>
<tt:Resolution><tt:Width>640</tt:Width><tt:Height>360</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>
</trt:GetProfilesResponse>"""


@dataclass
class OnvifCamera:
    """What it is, and how it misbehaves."""

    port: int = 0
    udp: tuple[str, int] = ("", 0)
    login: tuple[str, str] | None = None
    clock: timedelta = timedelta(0)
    """How far its clock is ahead; it refuses a login that bears another time by more than five seconds."""
    old: bool = False
    """Knows GetCapabilities only."""
    announces: str = ""
    """What it says in the place of its address."""
    answers: bytes | None = None
    """What it answers to everything."""
    media: str = ""
    """Where it says that its media service is."""
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/onvif/device_service"

    def respond(self, action: str, request: str) -> tuple[int, str]:
        media = self.media or self.url.replace("device", "media")
        now = datetime.now(UTC) + self.clock
        if action == "GetSystemDateAndTime":
            return 200, (
                "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime>"
                f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second></tt:Time>"
                f"<tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date>"
                "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
            )
        if self.login and not self._may(request, now):
            return 400, fault("ter:NotAuthorized")
        if action == "GetServices" and self.old:
            return 500, fault("ter:ActionNotSupported")
        told = {
            "GetDeviceInformation": "<tds:GetDeviceInformationResponse><tds:Manufacturer>Hãng</tds:Manufacturer><tds:Model>X1</tds:Model>"
            "<tds:FirmwareVersion>1.2</tds:FirmwareVersion><tds:SerialNumber>S-7</tds:SerialNumber></tds:GetDeviceInformationResponse>",
            "GetServices": "<tds:GetServicesResponse>"
            f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/device/wsdl</tds:Namespace><tds:XAddr>{self.url}</tds:XAddr></tds:Service>"
            f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/media/wsdl</tds:Namespace><tds:XAddr>{media}</tds:XAddr></tds:Service>"
            "</tds:GetServicesResponse>",
            "GetCapabilities": f"<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>{media}</tt:XAddr></tt:Media>"
            "</tds:Capabilities></tds:GetCapabilitiesResponse>",
            "GetProfiles": PROFILES,
        }
        if action in told:
            return 200, told[action]
        (profile,) = re.findall(r"ProfileToken>(\w+)<", request)
        if action == "GetSnapshotUri" and profile == "sub":
            return 500, fault("ter:ActionNotSupported")
        uri = (
            f"rtsp://admin:hunter2@127.0.0.1:554/{profile}" if action == "GetStreamUri" else "http://127.0.0.1/snap.jpg"
        )
        return 200, f"<trt:{action}Response><trt:MediaUri><tt:Uri>{uri}</tt:Uri></trt:MediaUri></trt:{action}Response>"

    def _may(self, request: str, now: datetime) -> bool:
        user, password = self.login or ("", "")
        found = {
            name: re.findall(rf":{name}(?: [^>]*)?>([^<]*)<", request)
            for name in ("Username", "Password", "Nonce", "Created")
        }
        if not all(found.values()):
            return False
        nonce, created = base64.b64decode(found["Nonce"][0]), found["Created"][0]
        right = base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()
        apart = abs(datetime.fromisoformat(created) - now)
        return (found["Username"][0], found["Password"][0]) == (user, right) and apart < timedelta(seconds=5)


def fault(code: str) -> str:
    return f"<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Subcode><SOAP-ENV:Value>{code}</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code></SOAP-ENV:Fault>"


@contextmanager
def onvif_camera(**settings: object) -> Iterator[OnvifCamera]:
    """A camera that listens on UDP and HTTP."""
    camera = OnvifCamera(**settings)  # type: ignore[arg-type]

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"])).decode()
            action = re.findall(r"<s:Body><(\w+)", request)[0]
            camera.asked.append(action)
            status, body = camera.respond(action, request)
            content = ENVELOPE.format(f"<SOAP-ENV:Body>{body}</SOAP-ENV:Body>").encode()
            content = content if camera.answers is None else camera.answers
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with listening(Handler) as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        camera.port, camera.udp = port, wire.getsockname()
        thread = threading.Thread(target=_answer_probes, args=(camera, wire), daemon=True)
        thread.start()
        try:
            yield camera
        finally:
            wire.sendto(b"", camera.udp)
            thread.join()


def _answer_probes(camera: OnvifCamera, wire: socket.socket) -> None:
    while True:
        probe, sender = wire.recvfrom(65_535)
        if not probe:
            return
        (message,) = re.findall(r"(urn:uuid:[^<]+)</a:MessageID>", probe.decode())
        match = (
            "<d:ProbeMatches><d:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:cam-1</wsa:Address></wsa:EndpointReference>"
            f"<d:Scopes>onvif://www.onvif.org/name/X1</d:Scopes><d:XAddrs>{camera.announces or camera.url}</d:XAddrs>"
            "</d:ProbeMatch></d:ProbeMatches>"
        )
        for related in ("urn:uuid:another", message, message):
            head = f"<SOAP-ENV:Header><wsa:RelatesTo>{related}</wsa:RelatesTo></SOAP-ENV:Header>"
            wire.sendto(ENVELOPE.format(f"{head}<SOAP-ENV:Body>{match}</SOAP-ENV:Body>").encode(), sender)
        wire.sendto(b"<not xml", sender)
