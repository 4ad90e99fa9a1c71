"""Reading a camera's address over real sockets: what is taken, and how each way to misbehave ends."""

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from civicam.aws.addresses import Reach
from civicam.aws.http_source import SourceReader
from civicam.contracts.errors import Rejected, Unavailable
from tests.fakes.camera_source import Answer, Source, camera_source

pytestmark = pytest.mark.unit
LOOPBACK = Reach((ipaddress.ip_network("127.0.0.0/8"),), "1-65535")
MP4 = ("video/mp4",)


@pytest.fixture
def source() -> Iterator[Source]:
    with camera_source() as one:
        yield one


@pytest.fixture
def reader() -> SourceReader:
    return SourceReader(LOOPBACK, max_bytes=1000, seconds=1)


def refused(reader: SourceReader, source: Source, *answers: Answer) -> str:
    source.answers = list(answers)
    with pytest.raises(Rejected) as error:
        reader.read(source.url, MP4)
    return error.value.reason


def unavailable(reader: SourceReader, source: Source, answer: Answer) -> str:
    source.answers = [answer]
    with pytest.raises(Unavailable) as error:
        reader.read(source.url, MP4)
    return str(error.value)


def test_the_answer_comes_whole_with_its_headers(reader: SourceReader, source: Source) -> None:
    source.answers = [Answer(body=b"x" * 1000, headers={"ETag": '"1"', "Capture-Start": "2026-11-24T10:00:00Z"})]
    reading = reader.read(source.url, MP4)
    assert reading is not None
    assert (reading.body, reading.media_type) == (b"x" * 1000, "video/mp4")
    assert (reading.headers["etag"], reading.headers["capture-start"]) == ('"1"', "2026-11-24T10:00:00Z")
    assert source.asked[0]["host"] == f"127.0.0.1:{source.port}"
    assert source.asked[0]["accept-encoding"] == "identity"
    assert source.paths == ["/clip?of=1"]


def test_a_known_answer_is_asked_for_conditionally_and_not_sent_again(reader: SourceReader, source: Source) -> None:
    source.answers = [Answer(304)]
    known = {"etag": '"1"', "last-modified": "Tue, 24 Nov 2026 10:00:00 GMT", "sha256": "abc"}
    assert reader.read(source.url, MP4, known=known) is None
    assert source.asked[0]["if-none-match"] == '"1"'
    assert source.asked[0]["if-modified-since"] == "Tue, 24 Nov 2026 10:00:00 GMT"


def test_a_redirection_is_followed_to_an_address_that_may_be_called(reader: SourceReader, source: Source) -> None:
    source.answers = [Answer(302, headers={"Location": "/elsewhere"}), Answer(body=b"clip")]
    reading = reader.read(source.url, MP4)
    assert reading is not None
    assert source.paths == ["/clip?of=1", "/elsewhere"]


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://2130706433/",
        "file:///etc/passwd",
        "//10.0.0.1/",
    ],
)
def test_a_redirection_inside_is_refused(reader: SourceReader, source: Source, location: str) -> None:
    assert refused(reader, source, Answer(301, headers={"Location": location})) == "refused_address"
    assert len(source.paths) == 1


def test_redirections_without_end_are_refused(reader: SourceReader, source: Source) -> None:
    assert refused(reader, source, Answer(307, headers={"Location": "/again"})) == "source_refused"
    assert len(source.paths) == 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(404), "source_refused"),
        (Answer(401), "source_refused"),
        (Answer(206, body=b"x"), "source_refused"),
        (Answer(body=b"x", media_type="text/html"), "unsupported_media_type"),
        (Answer(body=b"#EXTM3U", media_type="application/vnd.apple.mpegurl"), "unsupported_media_type"),
        (Answer(body=b""), "empty"),
        (Answer(body=b"x" * 1001), "too_large"),
        (Answer(body=b"x", headers={"Content-Length": "99999999999"}), "too_large"),
    ],
)
def test_what_will_not_pass_is_refused(reader: SourceReader, source: Source, answer: Answer, reason: str) -> None:
    assert refused(reader, source, answer) == reason


@pytest.mark.parametrize("answer", [Answer(503), Answer(429), Answer(500), Answer(body=b"half", cut=True)])
def test_what_may_pass_is_tried_again(reader: SourceReader, source: Source, answer: Answer) -> None:
    unavailable(reader, source, answer)


def test_a_body_that_says_no_length_is_bounded_all_the_same(reader: SourceReader, source: Source) -> None:
    chunked = b"".join(b"100\r\n" + b"x" * 256 + b"\r\n" for _ in range(5)) + b"0\r\n\r\n"
    answer = Answer(body=chunked, headers={"Transfer-Encoding": "chunked"})
    assert refused(reader, source, answer) == "too_large"


@pytest.mark.parametrize("headers", [{}, {"Connection": "close", "Content-Length": "100"}])
def test_a_source_that_dribbles_is_left_when_its_time_is_over(
    reader: SourceReader, source: Source, headers: dict[str, str]
) -> None:
    assert "TimeoutError" in unavailable(reader, source, Answer(body=b"x" * 100, headers=headers, drip_seconds=0.1))
    assert source.pieces_sent < 100, "it was left in the middle"


def test_a_source_that_is_not_there_is_tried_again(reader: SourceReader) -> None:
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        reader.read("http://127.0.0.1:9/", MP4)


def test_a_source_inside_is_not_even_connected_to(source: Source) -> None:
    with pytest.raises(Rejected):
        SourceReader(Reach(ports="1-65535")).read(source.url, MP4)
    assert source.paths == []


def test_a_certificate_is_checked_against_the_host_of_the_url(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with camera_source(server) as source:
        source.answers = [Answer(body=b"clip")]
        assert SourceReader(LOOPBACK, tls=trusting).read(source.url, MP4) is not None
        for url, tls in (
            (source.url, ssl.create_default_context()),
            (source.url.replace("127.0.0.1", "localhost"), trusting),
        ):
            with pytest.raises(Unavailable, match="SSLCertVerificationError"):
                SourceReader(LOOPBACK, tls=tls).read(url, MP4)


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "camera.pem"
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path
