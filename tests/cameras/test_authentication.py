"""How a source is shown who asks: the RFCs' own examples, real servers on loopback, and servers that mean harm."""

import ipaddress
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from civicam.aws.addresses import Reach
from civicam.aws.http_source import Keys, SourceReader
from civicam.cameras.authentication import Access, read_challenges
from civicam.contracts.credentials import Credentials, origin_of
from civicam.contracts.errors import Rejected
from tests.fakes.camera_source import Answer, Source, camera_source
from tests.fakes.guards import PASSWORD, Digest, basic, bearer
from tests.fakes.resolver import Resolver

pytestmark = pytest.mark.unit
READER = SourceReader(Reach((ipaddress.ip_network("127.0.0.0/8"),), "1-65535"), max_bytes=1000, seconds=10)
MP4 = ("video/mp4",)
NONCE_7616 = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE_7616 = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def credentials(scheme: str = "digest", origin: str = "http://127.0.0.1", **changes: Any) -> Credentials:
    told = {"scheme": scheme, "username": "" if scheme == "bearer" else "viewer", "secret": PASSWORD}
    return Credentials.model_validate(told | {"origins": (origin,)} | changes)


def keys(held: Credentials) -> Keys:
    """As the vault gives them."""
    accesses = {origin: Access(held) for origin in held.origins}
    return accesses.get


def read(source: Source, shown: Keys) -> bytes:
    reading = READER.read(source.url, MP4, keys=shown)
    assert reading is not None
    return reading.body


def refused(source: Source, shown: Keys) -> Rejected:
    with pytest.raises(Rejected) as error:
        READER.read(source.url, MP4, keys=shown)
    assert PASSWORD not in str(error.value)
    return error.value


def of(source: Source, scheme: str = "digest", **changes: Any) -> Keys:
    return keys(credentials(scheme, f"http://127.0.0.1:{source.port}", **changes))


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616(algorithm: str, response: str) -> None:
    access = Access(credentials(username="Mufasa", secret="Circle of Life"), cnonce=lambda: CNONCE_7616)
    challenge = (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="{NONCE_7616}", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    access.refused([challenge], shown=False)
    header = str(access.header("GET", "/dir/index.html"))
    for part in (f'response="{response}"', "nc=00000001", "qop=auth", f"algorithm={algorithm}", 'username="Mufasa"'):
        assert part in header


def test_the_example_of_rfc_2617_still_holds() -> None:
    access = Access(credentials(username="Mufasa", secret="Circle Of Life"), cnonce=lambda: "0a4f113b")
    challenge = 'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    access.refused([challenge], shown=False)
    assert 'response="6629fae49393a05397450978507c4ef1"' in str(access.header("GET", "/dir/index.html"))


@pytest.mark.parametrize("algorithm", ["SHA-256", "sha-256", "MD5", None, "MD5-sess", "SHA-256-sess"])
def test_digest_opens_a_real_server_and_counts_its_nonce_on(algorithm: str | None) -> None:
    guard = Digest(algorithm=algorithm)
    with camera_source(guard=guard) as source:
        source.answers = [Answer(body=b"clip")]
        shown = of(source)
        assert [read(source, shown) for _ in range(3)] == [b"clip"] * 3
        assert guard.counts == [1, 2, 3]
        assert len(source.paths) == 4, "one challenge for all of them"


def test_a_device_older_than_qop_is_opened_too() -> None:
    with camera_source(guard=Digest(algorithm=None, qop=False)) as source:
        source.answers = [Answer(body=b"clip")]
        assert read(source, of(source)) == b"clip"


def test_a_stale_nonce_is_answered_anew_and_is_no_wrong_password() -> None:
    guard = Digest(uses=2)
    with camera_source(guard=guard) as source:
        source.answers = [Answer(body=b"clip")]
        shown = of(source)
        assert [read(source, shown) for _ in range(5)] == [b"clip"] * 5
        assert guard.counts == [1, 2, 1, 2, 1]


def test_the_strongest_hash_is_taken_and_basic_beside_it_never() -> None:
    md5 = 'Basic realm="a, b=c", Digest realm="x", nonce="weak", algorithm=MD5, qop="auth", '
    with camera_source(guard=Digest(beside=md5)) as source:
        source.answers = [Answer(body=b"clip")]
        assert read(source, of(source)) == b"clip"
        assert "algorithm=SHA-256" in source.asked[1]["authorization"]


def test_a_wrong_password_is_tried_once_and_not_until_the_account_is_locked() -> None:
    with camera_source(guard=Digest(password="another")) as source:
        error = refused(source, of(source))
        assert error.reason == "credentials_refused"
        assert len(source.paths) == 2


def test_a_source_that_calls_every_nonce_stale_is_left() -> None:
    with camera_source(guard=Digest(uses=0)) as source:
        assert refused(source, of(source)).reason == "credentials_refused"
        assert len(source.paths) == 3


def test_digest_credentials_are_not_told_to_who_asks_for_basic() -> None:
    with camera_source(guard=basic()) as source:
        error = refused(source, of(source))
        assert "asks for basic" in str(error)
        assert ["authorization" in asked for asked in source.asked] == [False]


def test_basic_and_bearer_open_their_servers_at_the_first_request() -> None:
    for guard, scheme, changes in (
        (basic(), "basic", {}),
        (bearer("a.b-c_d~e+f/g="), "bearer", {"secret": "a.b-c_d~e+f/g="}),
    ):
        with camera_source(guard=guard) as source:
            source.answers = [Answer(body=b"clip")]
            assert read(source, of(source, scheme, **changes)) == b"clip"
            assert len(source.paths) == 1
            wrong = refused(source, of(source, scheme, secret="wrong"))
            assert wrong.reason == "credentials_refused"


def test_credentials_go_to_no_other_origin_however_a_source_redirects() -> None:
    with camera_source() as other, camera_source(guard=basic()) as source:
        other.answers = [Answer(body=b"clip")]
        source.answers = [Answer(302, headers={"Location": other.url})]
        assert read(source, of(source, "basic")) == b"clip"
        assert "authorization" in source.asked[0]
        assert "authorization" not in other.asked[0]


def test_credentials_are_bound_to_a_name_and_not_to_where_it_leads() -> None:
    with camera_source() as source:
        source.answers = [Answer(body=b"clip")]
        reader = SourceReader(Reach((ipaddress.ip_network("127.0.0.0/8"),), "1-65535", Resolver(("127.0.0.1",))))
        held = keys(credentials("basic", f"http://camera.example:{source.port}"))
        assert reader.read(f"http://other.example:{source.port}/", MP4, keys=held) is not None
        assert reader.read(f"http://CAMERA.example:{source.port}/", MP4, keys=held) is not None
        assert ["authorization" in asked for asked in source.asked] == [False, True]


def test_the_next_nonce_that_a_server_announces_is_used() -> None:
    access = Access(credentials())
    access.refused(['Digest realm="r", nonce="one", qop="auth"'], shown=False)
    assert access.header("GET", "/")
    access.taken('qop=auth, nextnonce="two", rspauth="x"')
    header = str(access.header("GET", "/"))
    assert 'nonce="two"' in header
    assert "nc=00000001" in header


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Digest",
        'Digest realm="r"',
        'Digest realm="r", nonce=""',
        'Digest realm="r", nonce="n", algorithm=SHA-1',
        'Digest realm="r", nonce="n", qop="auth-int"',
        'Digest realm="r", nonce="n", algorithm=MD5-sess',
        'Digest realm="r", nonce="n\r\n Host: inside"',
        'Digest realm="r\x00", nonce="n"',
        "NTLM",
        "Negotiate YII=",
    ],
)
def test_a_challenge_of_another_kind_is_not_answered(challenge: str) -> None:
    access = Access(credentials())
    with pytest.raises(Rejected, match="set credentials of its scheme"):
        access.refused([challenge], shown=False)
    assert access.header("GET", "/") is None


@given(st.lists(st.text(max_size=400) | st.from_regex(r"(Digest|Basic) (\w+=\"?[^\n]{0,30}\"?,? ?){0,6}"), max_size=4))
def test_whatever_a_server_asks_the_answer_is_one_line_without_the_password(challenges: list[str]) -> None:
    access = Access(credentials())
    with suppress(Rejected):
        access.refused(challenges, shown=False)
        header = access.header("GET", "/clip")
        assert header is not None
        assert header.isprintable()
        assert PASSWORD not in header


@given(st.text(alphabet=' ,="\\Digestnoca\t', max_size=5000))
def test_challenges_are_read_in_bounded_time(text: str) -> None:
    for challenge in read_challenges(text):
        assert challenge.scheme


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"username": ""}, "username is needed"),
        ({"scheme": "basic", "username": "a:b"}, "without a colon"),
        ({"scheme": "bearer"}, "no username"),
        ({"scheme": "bearer", "username": "", "secret": "a b"}, "no space"),
        ({"secret": "a\r\nHost: b"}, "control character"),
        ({"secret": ""}, "at least 1"),
        ({"origins": ()}, "at least 1"),
        ({"origins": ("ftp://a",)}, "origin"),
        ({"origins": ("https://user@a",)}, "origin"),
        ({"scheme": "negotiate"}, "digest"),
    ],
)
def test_credentials_that_could_not_be_shown_are_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why) as error:
        credentials(**changes)
    assert PASSWORD not in str(error.value.errors(include_input=False))


def test_credentials_do_not_show_in_what_is_printed_or_dumped() -> None:
    held = credentials()
    access = Access(held)
    access.refused(['Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth"'], shown=False)
    access.header("GET", "/")
    for text in (repr(held), str(held), held.model_dump_json(), repr(access)):
        assert "mật" not in text
    assert Credentials.model_validate_json(held.stored()) == held


def test_origins_are_compared_as_they_are_called() -> None:
    assert origin_of("HTTPS://NVR.example/export?x=1") == "https://nvr.example:443"
    assert origin_of("http://[2606:4700::1]:8080/") == "http://[2606:4700::1]:8080"
