"""Credentials go in and never come out: not in a log, a fact, an error, a table, an object, an export or an answer."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from civicam.aws.registry import Registry
from civicam.aws.vault import Vault
from civicam.cameras.geojson import feature
from civicam.cameras.pulls import Pull
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera, HttpSource
from civicam.contracts.credentials import Credentials
from civicam.contracts.errors import Inconsistent, Rejected
from civicam_cli import credentials as command
from functions.cameras.pull_clips.handler import handler as pull_clips
from functions.cameras.pull_clips.handler import runner
from tests.cameras.conftest import CLIP, PULLED, camera
from tests.cameras.test_functions import batch
from tests.fakes.camera_source import Answer, Source, camera_source
from tests.fakes.city_in_moto import Context, published
from tests.fakes.guards import Digest, basic

pytestmark = pytest.mark.unit
SECRET = "Geheim-7f3a9c"
USER = "nvr-viewer-42"
TRACES = (
    SECRET,
    USER,
    base64.b64encode(f"{USER}:{SECRET}".encode()).decode(),
    base64.b64encode(SECRET.encode()).decode(),
)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Everything that this process logs and prints, however deep the library."""
    heard = io.StringIO()
    hearer = logging.StreamHandler(heard)
    root = logging.getLogger()
    root.addHandler(hearer)
    with caplog.at_level(logging.DEBUG):
        yield lambda: heard.getvalue() + caplog.text + "".join(capfd.readouterr())
    root.removeHandler(hearer)


def guarded(source: Source, scheme: str, *, secret: str = SECRET, owner_id: str = "transport") -> Camera:
    """A camera whose source asks for credentials, and the credentials in the vault."""
    made = camera(PULLED, source=HttpSource(kind="http_clip", url=source.url, interval_seconds=20, credentials="gate"))
    standing = Registry.from_env().put(made).camera
    held = Credentials.model_validate({"scheme": scheme, "username": USER, "secret": secret, "origins": (source.url,)})
    Vault.from_env().write(owner_id, "gate", held)
    runner.cache_clear()
    return standing


def pulls(count: int = 1) -> dict[str, Any]:
    return batch(*[Pull(camera_id=PULLED, at=now()) for _ in range(count)])


def kept_everywhere() -> str:
    """All that lies in the city's tables and buckets, the vault left out."""
    found: list[Any] = []
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    for table in dynamodb.list_tables()["TableNames"]:
        found += dynamodb.scan(TableName=table)["Items"]
    for bucket in s3.list_buckets()["Buckets"]:
        for item in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            answer = s3.get_object(Bucket=bucket["Name"], Key=item["Key"])
            found.append((item["Key"], answer["Metadata"], answer["Body"].read()))
    return str(found)


@pytest.mark.parametrize("scheme", ["digest", "basic"])
@pytest.mark.parametrize("is_right", [True, False])
def test_a_pull_that_succeeds_and_one_that_fails_leave_no_trace_of_the_secret(
    city: None, context: Context, said: Any, monkeypatch: pytest.MonkeyPatch, scheme: str, is_right: bool
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    password = SECRET if is_right else "another"
    guard: Any = Digest(user=USER, password=password) if scheme == "digest" else basic(USER, password)
    with camera_source(guard=guard) as source:
        source.answers = [Answer(body=CLIP), Answer(503), Answer(body=b"x", media_type="text/html")]
        standing = guarded(source, scheme)
        for _ in range(3):
            pull_clips(pulls(), context)
        assert any("authorization" in asked for asked in source.asked), "they were shown"
    facts = published()
    assert bool(facts) is is_right
    shown = [said(), json.dumps(facts), kept_everywhere(), json.dumps(feature(standing)), repr(standing)]
    for trace in TRACES:
        assert [text for text in shown if trace in text] == []
    assert SECRET in str(
        boto3.client("secretsmanager").get_secret_value(SecretId="civicam-test-sources/transport/gate")
    )


def test_the_vault_s_errors_hold_nothing_of_it(city: None, said: Any) -> None:
    boto3.client("secretsmanager").create_secret(
        Name="civicam-test-sources/transport/gate", SecretString=f'{{"secret": "{SECRET}"'
    )
    source = HttpSource(kind="http_clip", url="http://127.0.0.1/", credentials="gate")
    with pytest.raises(Inconsistent) as error:
        Vault.from_env().keys(camera(source=source))
    assert SECRET not in str(error.value) + repr(
        error.value.__context__ if not error.value.__suppress_context__ else ""
    )
    assert SECRET not in said()


def test_another_owner_s_credentials_open_nothing(city: None, context: Context) -> None:
    with camera_source(guard=basic(USER, SECRET)) as source:
        guarded(source, "basic", owner_id="police")
        pull_clips(pulls(), context)
        assert source.paths == [], "without credentials of its own it is not even called"
    assert published() == []


def test_credentials_that_a_source_refuses_are_read_anew(city: None, context: Context) -> None:
    with camera_source(guard=basic(USER, SECRET)) as source:
        source.answers = [Answer(body=CLIP)]
        guarded(source, "basic", secret="old")
        pull_clips(pulls(), context)
        assert published() == []
        held = Credentials.model_validate(
            {"scheme": "basic", "username": USER, "secret": SECRET, "origins": (source.url,)}
        )
        Vault.from_env().write("transport", "gate", held)
        pull_clips(pulls(), context)
    assert len(published()) == 1


def test_the_vault_is_asked_once_while_all_goes_well(city: None) -> None:
    class Clock:
        seconds = 0.0

        def __call__(self) -> float:
            return self.seconds

    clock = Clock()
    vault = Vault("civicam-test-sources", clock)
    source = HttpSource(kind="http_clip", url="https://nvr.example/", credentials="gate")
    one = camera(source=source)
    with pytest.raises(Rejected, match="credentials set gate"):
        vault.keys(one)
    first = Credentials.model_validate({"scheme": "bearer", "secret": "a", "origins": ("https://nvr.example",)})
    vault.write("transport", "gate", first)
    keys = vault.keys(one)
    assert keys is not None
    access = keys("https://nvr.example:443")
    assert access is not None
    assert keys("https://other.example:443") is None
    vault.write("transport", "gate", first.model_copy(update={"origins": ("https://other.example:443",)}))
    assert vault.keys(one)("https://nvr.example:443") is access  # type: ignore[misc]
    clock.seconds = 301
    assert vault.keys(one)("https://nvr.example:443") is None  # type: ignore[misc]


class TestCommand:
    @pytest.fixture(autouse=True)
    def _without_deployment(self, city: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(command, "use_deployment", lambda: None)

    def told(self, *more: str, secret: str = SECRET) -> Any:
        arguments = ["set", "gate", "--owner", "transport", "--origin", "https://nvr.example", *more]
        return CliRunner().invoke(command.app, arguments, input=f"{secret}\n")

    def test_the_secret_is_piped_in_and_not_printed(self) -> None:
        ended = self.told("--username", USER)
        assert (ended.exit_code, "gate of transport is set" in ended.output) == (0, True)
        assert SECRET not in ended.output
        stored = boto3.client("secretsmanager").get_secret_value(SecretId="civicam-test-sources/transport/gate")
        assert json.loads(stored["SecretString"])["secret"] == SECRET

    def test_what_could_not_be_shown_is_refused_without_the_secret(self) -> None:
        ended = self.told("--scheme", "bearer", "--username", USER)
        assert isinstance(ended.exception, Rejected)
        assert SECRET not in ended.output + str(ended.exception)

    def test_no_argument_takes_the_secret(self) -> None:
        assert "--secret" not in CliRunner().invoke(command.app, ["set", "--help"]).output
