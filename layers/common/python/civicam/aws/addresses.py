"""Which addresses the city calls on somebody's word: public ones, and private networks that the configuration names.

An address that an owner or an operator typed may point inside (server-side request forgery): at instance metadata, at a
loopback service, at a neighbour in the VPC. So a host is resolved once, the answer is checked, and the connection goes
to that very answer.
"""

import ipaddress
import os
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Self
from urllib.parse import SplitResult, urlsplit

from civicam.contracts.errors import Rejected, Unavailable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Iterable[str]]
"""The addresses of a name, asked for once."""

PORTS = {"http": 80, "https": 443}
CALLED_PORTS = "80,443,8080,8443"
"""Where cameras and video servers answer; any other port is somebody else's service."""
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
_NUMERIC = re.compile(r"^(0[xX][0-9a-fA-F]*|[0-9]+)(\.(0[xX][0-9a-fA-F]*|[0-9]+))*\.?$")
"""What a C library reads as an IPv4 address: decimal, octal and hexadecimal parts, one to four of them."""
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/3",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "fec0::/10",
    )
)
"""Beside what `ipaddress` calls not global: IANA's special-purpose registries (RFC 6890, 8215) and old forms."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"^(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.?$")


@dataclass(frozen=True)
class Reach:
    """What may be called on somebody's word: public addresses and these networks, at these ports only."""

    networks: Sequence[Network] = ()
    ports: str = CALLED_PORTS
    """Ports and ranges of them, `80,443,8000-8100`: for public addresses and for opened networks alike."""
    resolver: Resolver | None = None
    """Instead of the system's."""

    @classmethod
    def from_env(cls) -> Self:
        """As PRIVATE_NETWORKS and SOURCE_PORTS say: public addresses at the usual ports, where they say nothing."""
        return cls(allowed_networks(), os.environ.get("SOURCE_PORTS") or CALLED_PORTS)

    def resolve(self, url: str) -> Address:
        """As `resolve_allowed`; a port that is not listed is refused before anything is looked up."""
        parts = parse_url(url)
        port = parts.port or PORTS[parts.scheme]
        if not any(first <= port <= last for first, last in _ranges(self.ports)):
            raise _refused(f"port {port} is none of {self.ports}: have it listed in the environment's settings")
        return resolve_allowed(url, self.networks, resolver=self.resolver or _system)


PUBLIC_ONLY = Reach()


def _ranges(listed: str) -> Iterator[tuple[int, int]]:
    for piece in listed.split(","):
        first, _, last = piece.strip().partition("-")
        yield int(first), int(last or first)


def allowed_networks() -> tuple[Network, ...]:
    """The private networks that PRIVATE_NETWORKS opens: none, where it is empty or not set."""
    listed = os.environ.get("PRIVATE_NETWORKS", "").split(",")
    return tuple(ipaddress.ip_network(network.strip()) for network in listed if network.strip())


def parse_url(url: str, ports: Mapping[str, int] = PORTS) -> SplitResult:
    """The parts of an address that may be called at all; raises Rejected (`refused_address`) for any other.

    `ports` are the schemes that are called, each with its own port.
    """
    if not url.isascii() or _NOT_IN_A_URL.search(url):
        raise _refused("it holds a space, a control character, a backslash or a letter outside ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused("it is not a URL") from error
    if parts.scheme not in ports:
        raise _refused(f"only {' and '.join(ports)} are called")
    if parts.username is not None or parts.password is not None:
        raise _refused("credentials do not belong into an address")
    if "[" in parts.netloc and ":" not in str(parts.hostname):
        raise _refused("only an IPv6 address stands in brackets")
    if not parts.hostname or port == 0:
        raise _refused("it names no host or no port")
    return parts


def _system(name: str, port: int) -> Iterable[str]:
    return [str(answer[4][0]) for answer in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]


def resolve_allowed(
    url: str, networks: Sequence[Network], *, ports: Mapping[str, int] = PORTS, resolver: Resolver = _system
) -> Address:
    """The address to connect to for this URL, resolved once: the first answer that may be called.

    Raises Rejected (`refused_address`) where none may, Unavailable where the name has no answer now.
    """
    parts = parse_url(url, ports)
    answers = tuple(_answers(str(parts.hostname), parts.port or ports[parts.scheme], resolver))
    allowed = [answer for answer in answers if may_be_called(answer, networks)]
    if not allowed:
        raise _refused("it lies in a network that is not open to sources")
    return allowed[0]


def may_be_called(address: Address, networks: Sequence[Network]) -> bool:
    """Whether an address is public, or in one of these networks; one that wraps an IPv4 address is judged by that."""
    return all(_is_open(form, networks) for form in _forms(address))


def _is_open(address: Address, networks: Sequence[Network]) -> bool:
    if any(address in network for network in networks):
        return True
    public = address.is_global and not (address.is_multicast or address.is_reserved)
    return public and not any(address in network for network in _NOT_PUBLIC)


def _forms(address: Address) -> Iterator[Address]:
    """The address that is really called, for each way of writing an IPv4 address as IPv6."""
    if isinstance(address, IPv4Address):
        yield address
        return
    inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inside.append(IPv4Address(int(address) & 0xFFFFFFFF))
    wrapped = [form for form in inside if form is not None]
    yield from wrapped or (address,)


def _answers(host: str, port: int, resolver: Resolver) -> Iterator[Address]:
    literal = _literal(host)
    if literal is not None:
        yield literal
        return
    if _NUMERIC.match(host) or not _NAME.match(host):
        raise _refused("a host is a name or a plain address, not another way to write one")
    try:
        found = list(resolver(host, port))
    except OSError as error:
        raise Unavailable(f"the name {host} cannot be resolved: {error}") from error
    yield from (ipaddress.ip_address(answer.partition("%")[0]) for answer in found)


def _literal(host: str) -> Address | None:
    """The address that a host is, None for a name.

    Nobody has a reason to type an IPv4 address inside an IPv6 one, or the zone of this machine's own interfaces. A
    resolver may answer so (DNS64), and is judged by what it wraps.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if next(_forms(address)) != address or getattr(address, "scope_id", None) is not None:
        raise _refused("an IPv4 address inside an IPv6 one, or with a zone: write the address itself")
    return address


def _refused(why: str) -> Rejected:
    """Without the address itself: its query may hold an owner's key, and this text goes into logs."""
    return Rejected("refused_address", f"the address is not called: {why}")
