"""Which addresses the city calls on somebody's word: public ones, and private networks that the configuration names.

An address that an owner or an operator typed may point inside (server-side request forgery): at instance metadata, at a
loopback service, at a neighbour in the VPC. So a host is resolved once, the answer is checked, and the connection goes
to that very answer.
"""

import ipaddress
import os
import re
import socket
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import SplitResult, urlsplit

from civicam.contracts.errors import Rejected, Unavailable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PORTS = {"http": 80, "https": 443}
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


def allowed_networks() -> tuple[Network, ...]:
    """The private networks that PRIVATE_NETWORKS opens: none, where it is empty or not set."""
    listed = os.environ.get("PRIVATE_NETWORKS", "").split(",")
    return tuple(ipaddress.ip_network(network.strip()) for network in listed if network.strip())


def parse_url(url: str) -> SplitResult:
    """The parts of an address that may be called at all; raises Rejected (`refused_address`) for any other."""
    if not url.isascii() or _NOT_IN_A_URL.search(url):
        raise _refused("it holds a space, a control character, a backslash or a letter outside ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused("it is not a URL") from error
    if parts.scheme not in PORTS:
        raise _refused("only http and https are called")
    if parts.username is not None or parts.password is not None:
        raise _refused("credentials do not belong into an address")
    if not parts.hostname or port == 0:
        raise _refused("it names no host or no port")
    return parts


def resolve_allowed(url: str, networks: Sequence[Network]) -> Address:
    """The address to connect to for this URL, resolved once: the first answer that may be called.

    Raises Rejected (`refused_address`) where none may, Unavailable where the name has no answer now.
    """
    parts = parse_url(url)
    answers = tuple(_answers(str(parts.hostname), parts.port or PORTS[parts.scheme]))
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


def _answers(host: str, port: int) -> Iterator[Address]:
    literal = host.partition("%")[0]
    try:
        yield ipaddress.ip_address(literal)
        return
    except ValueError:
        pass
    if _NUMERIC.match(host) or not _NAME.match(host):
        raise _refused("a host is a name or a plain address, not another way to write one")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unavailable(f"the name {host} cannot be resolved: {error}") from error
    yield from (ipaddress.ip_address(str(answer[4][0]).partition("%")[0]) for answer in found)


def _refused(why: str) -> Rejected:
    """Without the address itself: its query may hold an owner's key, and this text goes into logs."""
    return Rejected("refused_address", f"the address is not called: {why}")
