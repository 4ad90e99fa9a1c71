"""Which addresses are called on somebody's word: a corpus of those that never are, and of those that may be."""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.aws.addresses import Reach, allowed_networks, may_be_called, parse_url, resolve_allowed
from civicam.aws.http_source import SourceReader
from civicam.contracts.errors import Rejected
from tests.fakes.camera_source import Answer, camera_source
from tests.fakes.resolver import Resolver

pytestmark = pytest.mark.unit
CORPUS = Path(__file__).parent / "hostile_addresses.txt"
OPEN_PUBLIC = Reach(ports="1-65535")
PUBLIC = [
    "http://8.8.8.8/", "https://8.8.8.8:8443/clip.mp4?camera=1", "http://1.1.1.1", "http://172.15.255.255/",
    "http://172.32.0.1/", "http://100.63.255.255/", "http://100.128.0.1/", "http://11.0.0.1/", "http://169.253.0.1/",
    "http://[2606:4700:4700::1111]/", "http://8.8.8.8:80/", "http://8.8.8.8:8080/", "HTTP://8.8.8.8/",
]  # fmt: skip


def corpus() -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """Each address, and what its name is answered with, None where nothing may be looked up at all."""
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            url, arrow, answers = line.partition(" ->")
            literal = re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), url)
            yield literal, tuple(answers.split()) if arrow else None


HOSTILE = dict(corpus())
OTHER_WAYS_TO_WRITE = [
    url
    for url in HOSTILE
    if re.fullmatch(r"http://[0-9xXa-f.]+/", url) and not re.fullmatch(r"http://((0|[1-9]\d*)\.){3}[1-9]?\d+/", url)
]


class Wire:
    """What this process sends: the events that Python itself tells about its sockets."""

    def __init__(self) -> None:
        self.is_watched, self.sent = False, list[str]()
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _: tuple[object, ...]) -> None:
        if self.is_watched and event in {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.sendmsg"}:
            self.sent.append(event)


WIRE = Wire()


@pytest.fixture
def wire() -> Iterator[Wire]:
    WIRE.sent.clear()
    WIRE.is_watched = True
    yield WIRE
    WIRE.is_watched = False


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(HOSTILE) >= 80


@pytest.mark.parametrize("url", HOSTILE, ids=ascii)
def test_a_hostile_address_is_refused_before_a_packet_leaves(url: str, wire: Wire) -> None:
    answers = HOSTILE[url]
    resolver = Resolver(*([answers] if answers is not None else []))
    with pytest.raises(Rejected) as refused:
        SourceReader(Reach(resolver=resolver)).read(url, ("video/mp4",))
    assert refused.value.reason == "refused_address"
    assert wire.sent == []
    assert len(resolver.asked) == (answers is not None)


def test_the_wire_shows_what_is_sent_where_something_is(wire: Wire) -> None:
    with camera_source() as source:
        source.answers = [Answer(body=b"clip")]
        reach = Reach((ip_network("127.0.0.0/8"),), "1-65535")
        assert SourceReader(reach).read(source.url, ("video/mp4",)) is not None
    assert "socket.connect" in wire.sent


def test_a_redirection_to_a_hostile_address_is_refused() -> None:
    inside, tried = ip_network("127.0.0.9/32"), 0
    with camera_source(host="127.0.0.9") as source:
        for url, answers in HOSTILE.items():
            if any(not " " < letter < "\x7f" for letter in url) or not re.match(r"[a-z+]+:(?!127)", url):
                continue  # no header can say it, or it means the same host
            source.answers = [Answer(302, headers={"Location": url})]
            reader = SourceReader(Reach((inside,), f"{source.port},80,443", Resolver(("127.0.0.9",), answers or ())))
            with pytest.raises(Rejected) as refused:
                reader.read(f"http://camera.example:{source.port}/", ("video/mp4",))
            assert refused.value.reason == "refused_address", url
            tried += 1
        assert len(source.paths) == tried >= 80


@pytest.mark.parametrize("url", PUBLIC)
def test_public_addresses_are_called(url: str) -> None:
    assert Reach().resolve(url)


@pytest.mark.parametrize("url", OTHER_WAYS_TO_WRITE)
def test_an_open_network_opens_no_other_way_to_write_it(url: str) -> None:
    with pytest.raises(Rejected):
        Reach((ip_network("0.0.0.0/0"), ip_network("::/0")), "1-65535").resolve(url)


def test_configuration_opens_a_network_and_nothing_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVATE_NETWORKS", "127.0.0.0/8, 10.20.0.0/16")
    networks = allowed_networks()
    for url in ("http://127.0.0.1:9/", "http://localhost/", "http://10.20.3.4/"):
        assert resolve_allowed(url, networks)
    for url in ("http://10.21.0.1/", "http://[::1]/", "http://169.254.169.254/", "http://[::ffff:10.20.3.4]/"):
        with pytest.raises(Rejected):
            resolve_allowed(url, networks)


def test_nothing_is_open_where_nothing_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVATE_NETWORKS", "")
    monkeypatch.setenv("SOURCE_PORTS", "")
    assert Reach.from_env() == Reach()


def test_ports_are_listed_for_an_open_network_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVATE_NETWORKS", "10.20.0.0/16")
    monkeypatch.setenv("SOURCE_PORTS", "80, 8000-8010")
    reach = Reach.from_env()
    for port in (80, 8000, 8005, 8010):
        assert reach.resolve(f"http://10.20.0.1:{port}/")
    for port in (79, 443, 7999, 8011):
        with pytest.raises(Rejected, match=f"port {port}"):
            reach.resolve(f"http://10.20.0.1:{port}/")


def test_a_name_is_asked_for_once_and_its_first_answer_that_may_be_called_is_taken() -> None:
    resolver = Resolver(("10.0.0.1", "8.8.8.8", "9.9.9.9"), ("127.0.0.1",))
    assert str(Reach(resolver=resolver).resolve("http://camera.example/")) == "8.8.8.8"
    assert resolver.asked == ["camera.example"]


def test_a_resolver_that_translates_is_judged_by_what_it_wraps() -> None:
    assert Reach(resolver=Resolver(("64:ff9b::808:808",))).resolve("http://camera.example/")


def test_a_name_that_changes_its_answer_between_check_and_use_gains_nothing() -> None:
    """DNS rebinding: the second answer would lead inside, and nobody asks for it."""
    with camera_source(host="127.0.0.9") as outside, camera_source(host="127.0.0.10", port=outside.port) as inside:
        outside.answers = [Answer(302, headers={"Location": "/again"}), Answer(body=b"clip")]
        inside.answers = [Answer(body=b"secret")]
        resolver = Resolver(("127.0.0.9",), ("127.0.0.10",))
        reader = SourceReader(Reach((ip_network("127.0.0.9/32"),), "1-65535", resolver))
        url = f"http://camera.example:{outside.port}/"
        with pytest.raises(Rejected, match="network"):
            reader.read(url, ("video/mp4",))
        assert resolver.asked == ["camera.example"] * 2, "once a hop, and the second hop's answer was refused"
        assert (len(outside.paths), inside.paths) == (1, [])
        assert outside.asked[0]["host"] == f"camera.example:{outside.port}"


def test_a_refusal_does_not_repeat_the_key_in_the_address() -> None:
    with pytest.raises(Rejected) as refused:
        resolve_allowed("http://10.0.0.1/clip?key=geheim", ())
    assert "geheim" not in str(refused.value)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_however_ipv6_wraps_it(address: object) -> None:
    plain = ip_address(str(address))
    number = int(plain)
    wrapped = (f"::ffff:{plain}", f"64:ff9b::{plain}", f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1")
    assert {may_be_called(ip_address(form), ()) for form in wrapped} == {may_be_called(plain, ())}


@given(st.ip_addresses())
def test_whatever_a_name_leads_to_is_public_or_refused(address: object) -> None:
    def answer(_name: str, _port: int) -> Iterable[str]:
        return [str(address)]

    with suppress(Rejected):
        found = Reach(resolver=answer).resolve("http://camera.example/")
        assert may_be_called(found, ())
        assert found.is_global or found.version == 6


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for url in (text, f"http://{text}/"):
        with suppress(Rejected):
            assert parse_url(url).hostname
