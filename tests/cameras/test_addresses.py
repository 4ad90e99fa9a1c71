"""Which addresses are called on somebody's word: a corpus of those that never are, and of those that may be."""

from contextlib import suppress
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.aws.addresses import allowed_networks, may_be_called, parse_url, resolve_allowed
from civicam.contracts.errors import Rejected

pytestmark = pytest.mark.unit

INSIDE = [
    "http://127.0.0.1/", "http://127.0.0.1:8080/", "http://127.1.2.3/", "http://127.255.255.254/",
    "http://10.0.0.1/", "http://10.255.255.255/", "http://172.16.0.1/", "http://172.31.255.255/",
    "http://192.168.0.1/", "http://192.168.255.255/", "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/v2/credentials", "http://169.254.0.1/", "http://100.64.0.1/", "http://100.127.255.255/",
    "http://100.100.100.200/", "http://0.0.0.0/", "http://0.1.2.3/", "http://192.0.0.1/", "http://192.0.0.192/",
    "http://192.0.2.1/", "http://198.51.100.1/", "http://203.0.113.1/", "http://198.18.0.1/", "http://198.19.255.255/",
    "http://192.88.99.1/", "http://224.0.0.1/", "http://239.255.255.250/", "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/", "http://[::]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fec0::1]/",
    "http://[fc00::1]/", "http://[fd00:ec2::254]/latest/meta-data/", "http://[ff02::1]/", "http://[2001:db8::1]/",
    "http://[100::1]/", "http://[::127.0.0.1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
    "http://[::ffff:169.254.169.254]/", "http://[::ffff:10.0.0.1]/", "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/", "http://[64:ff9b::10.0.0.1]/", "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/", "http://[2002:a9fe:a9fe::1]/", "http://[2002:c0a8:1::1]/",
    "http://[2001:0:7f00:1::80ff:fffe]/", "http://[0:0:0:0:0:0:0:1]/", "http://localhost/", "http://LOCALHOST/",
]  # fmt: skip
OTHER_WAYS_TO_WRITE = [
    "http://2130706433/", "http://2852039166/", "http://3232235521/", "http://0x7f000001/", "http://0x7f.0.0.1/",
    "http://0X7F.1/", "http://0xa9fea9fe/", "http://0177.0.0.1/", "http://0177.1/", "http://017700000001/",
    "http://00000177.0.0.1/", "http://0251.0376.0251.0376/", "http://127.1/", "http://127.0.1/", "http://10.1/",
    "http://0/", "http://127.0.0.1./", "http://127.0.0.01/", "http://1.1.1.1.1/", "http://256.1.1.1/",
    "http://0x/", "http://8.8.2056/",
]  # fmt: skip
NOT_CALLABLE = [
    "", "127.0.0.1", "//127.0.0.1/", "file:///etc/passwd", "ftp://8.8.8.8/", "gopher://8.8.8.8:70/_",
    "rtsp://8.8.8.8/", "data:video/mp4;base64,AAAA", "http:///", "http://", "http://:80/", "http://8.8.8.8:0/",
    "http://8.8.8.8:99999/", "http://8.8.8.8:http/", "http://user@8.8.8.8/", "http://user:key@8.8.8.8/",
    "http://8.8.8.8@127.0.0.1/", "http://8.8.8.8\\@127.0.0.1/", "http://8.8.8.8 /", "http://8.8.8.8/\r\nHost: a",
    "http://8.8.8.8/\tx", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://[::1/", "http://[localhost]/",
    "http://a_b!c/", "http://-a/", "http://a..b/", "http://%31%32%37.0.0.1/", "http://" + "a" * 64 + ".vn/",
]  # fmt: skip
PUBLIC = [
    "http://8.8.8.8/", "https://8.8.8.8:8443/clip.mp4?camera=1", "http://1.1.1.1", "http://172.15.255.255/",
    "http://172.32.0.1/", "http://100.63.255.255/", "http://100.128.0.1/", "http://11.0.0.1/", "http://169.253.0.1/",
    "http://[2606:4700:4700::1111]/", "http://[::ffff:8.8.8.8]/", "http://[64:ff9b::808:808]/",
    "http://[2002:808:808::1]/",
]  # fmt: skip


@pytest.mark.parametrize("url", INSIDE + OTHER_WAYS_TO_WRITE + NOT_CALLABLE)
def test_addresses_that_lead_inside_or_nowhere_are_refused(url: str) -> None:
    with pytest.raises(Rejected) as refused:
        resolve_allowed(url, ())
    assert refused.value.reason == "refused_address"


@pytest.mark.parametrize("url", PUBLIC)
def test_public_addresses_are_called(url: str) -> None:
    assert resolve_allowed(url, ())


@pytest.mark.parametrize("url", OTHER_WAYS_TO_WRITE + NOT_CALLABLE)
def test_an_open_network_opens_no_other_way_to_write_it(url: str) -> None:
    with pytest.raises(Rejected):
        resolve_allowed(url, (ip_network("0.0.0.0/0"),))


def test_configuration_opens_a_network_and_nothing_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVATE_NETWORKS", "127.0.0.0/8, 10.20.0.0/16")
    networks = allowed_networks()
    for url in ("http://127.0.0.1:9/", "http://localhost/", "http://10.20.3.4/", "http://[::ffff:10.20.3.4]/"):
        assert resolve_allowed(url, networks)
    for url in ("http://10.21.0.1/", "http://[::1]/", "http://169.254.169.254/"):
        with pytest.raises(Rejected):
            resolve_allowed(url, networks)


def test_nothing_is_open_where_nothing_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVATE_NETWORKS", "")
    assert allowed_networks() == ()


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


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for url in (text, f"http://{text}/"):
        with suppress(Rejected):
            assert parse_url(url).hostname
