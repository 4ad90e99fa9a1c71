"""WS-Discovery: who answers a probe for video transmitters on one interface, within a bounded time."""

import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from civicam.contracts.errors import Rejected, Unavailable
from civicam_cli.edge.onvif.soap import each, envelope, read, text

GROUP = ("239.255.255.250", 3702)
MOST_DEVICES = 1000
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"


@dataclass(frozen=True)
class Found:
    """A device as it announces itself: its endpoint's id, the addresses of its service, its scopes."""

    endpoint: str
    addresses: tuple[str, ...]
    scopes: tuple[str, ...]
    seen_at: str
    """The address that its answer came from."""


def discover(interface: str, seconds: float, to: tuple[str, int] = GROUP) -> Iterator[Found]:
    """Every device that answers in time, once; what is no answer to this probe is passed over."""
    message = f"urn:uuid:{uuid.uuid4()}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        try:
            wire.bind((interface, 0))
            wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
            wire.sendto(_probe(message), to)
        except OSError as error:
            raise Unavailable(f"nothing can be asked from {interface}: is it an address of this machine?") from error
        seen: set[str] = set()
        for body, sender in _answers(wire, seconds):
            for found in _matches(body, sender, message):
                if found.endpoint not in seen and len(seen) < MOST_DEVICES:
                    seen.add(found.endpoint)
                    yield found


def _probe(message: str) -> bytes:
    head = (
        f'<a:MessageID xmlns:a="{_ADDRESSING}">{message}</a:MessageID>'
        f'<a:To xmlns:a="{_ADDRESSING}">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>'
        f'<a:Action xmlns:a="{_ADDRESSING}">{_DISCOVERY}/Probe</a:Action>'
    )
    types = 'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"'
    return envelope(
        f'<d:Probe xmlns:d="{_DISCOVERY}"><d:Types {types}>dn:NetworkVideoTransmitter</d:Types></d:Probe>', head=head
    )


def _answers(wire: socket.socket, seconds: float) -> Iterator[tuple[bytes, str]]:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            body, sender = wire.recvfrom(65_535)
        except TimeoutError:
            return
        except OSError:  # an ICMP message about somebody else's port
            continue
        yield body, str(sender[0])


def _matches(body: bytes, sender: str, message: str) -> Iterator[Found]:
    try:
        document = read(body)
    except Rejected:
        return
    if text(document, "Header", "RelatesTo") != message:
        return
    for match in each(document, "ProbeMatch"):
        addresses = tuple(text(match, "XAddrs").split()[:8])
        endpoint = text(match, "EndpointReference", "Address")
        if addresses and endpoint:
            yield Found(endpoint, addresses, tuple(text(match, "Scopes").split()[:32]), sender)
