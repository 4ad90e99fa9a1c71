"""A lake on disk behind moto's Glue and DynamoDB, one in the embedded AWS, and facts to put into them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
from moto import mock_aws
from pyiceberg.catalog.glue import GlueCatalog

from civicam.aws import clients
from civicam.aws.lake import Lake
from civicam.aws.leases import Leases
from civicam.contracts.facts import CloudEvent
from civicam.contracts.ids import fact_id
from civicam.contracts.vision import Crossings, LabelCount, VehiclesCounted, Window

CAMERA = "01JD8K3V4N0000000000000001"
START = datetime(2026, 11, 24, 10, 45, tzinfo=UTC)
LEASES = "leases"
DATABASE = "civicam"


CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody's keys, and clients that were made with them."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    clients._client.cache_clear()
    yield
    clients._client.cache_clear()


@pytest.fixture
def aws(credentials: None) -> Iterator[None]:
    """moto's AWS with the table of leases and the lake's database."""
    with mock_aws():
        make_leases(LEASES)
        boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE})
        yield


def make_leases(name: str) -> None:
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "lease", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "lease", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an embedded AWS that lives as long as the tests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("emulator")
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("ministack"))],
            env=os.environ | CREDENTIALS | settings | {"TMPDIR": str(home)},
            stdout=log,
            stderr=log,
        )
        try:
            await_emulator(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=15)


def await_emulator(url: str) -> None:
    for _ in range(150):
        try:
            httpx.get(f"{url}/_ministack/health", timeout=1).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the embedded AWS did not start within 15 s")


@pytest.fixture
def cloud(emulator: str, credentials: None, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """An empty lake in the embedded AWS, found through the environment as a function finds it."""
    unique = uuid4().hex[:8]
    settings = {
        "AWS_ENDPOINT_URL": emulator,
        "LAKE_BUCKET": f"lake-{unique}",
        "GLUE_DATABASE": f"civicam_{unique}",
        "LEASES_TABLE": f"leases-{unique}",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket=settings["LAKE_BUCKET"])
    boto3.client("glue").create_database(DatabaseInput={"Name": settings["GLUE_DATABASE"]})
    make_leases(settings["LEASES_TABLE"])
    return Lake.from_env()


@dataclass
class Context:
    """What Lambda tells a function about its run."""

    function_name: str = "lake"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:lake"
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))
    remaining_ms: int = 300_000

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the run."""
        return self.remaining_ms


@pytest.fixture
def context() -> Context:
    """A run with five minutes left."""
    return Context()


@pytest.fixture
def open_lake(aws: None, tmp_path: Path) -> Callable[[], Lake]:
    """Another process's view of the same lake: its own catalogue client and leases."""

    def opened(catalog: type[GlueCatalog] = GlueCatalog, *, wait_seconds: float = 5, seconds: float = 30) -> Lake:
        glue = catalog("glue", boto3.client("glue"), **{"py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO"})
        return Lake(
            glue, DATABASE, f"file://{tmp_path}/lake", Leases(LEASES, seconds=seconds, wait_seconds=wait_seconds)
        )

    return opened


@pytest.fixture
def lake(open_lake: Callable[[], Lake]) -> Lake:
    """The lake, empty."""
    return open_lake()


@pytest.fixture
def vehicles() -> Callable[..., CloudEvent[VehiclesCounted]]:
    """Makes a fact: the n-th clip of a camera, as judged in some revision."""

    def made(n: int = 0, *, revision: int = 0, camera_id: str = CAMERA, count: int = 3) -> CloudEvent[VehiclesCounted]:
        start = START + timedelta(seconds=10 * n)
        end = start + timedelta(seconds=10)
        identity: dict[str, Any] = {"kind": VehiclesCounted.TYPE, "camera_id": camera_id, "capture_start": start}
        fact = VehiclesCounted(
            fact_id=fact_id(**identity, clip_sha256="c" * 64, model_digest="m", rules_digest="r", profile_version=1),
            revision=revision,
            camera_id=camera_id,
            clip_id=f"clip-{camera_id}-{n}",
            capture_start=start,
            capture_end=end,
            clock_quality="synced",
            ingested_at=end,
            judged_at=end + timedelta(seconds=1),
            sampling_fps=5,
            coverage=1,
            confidence=0.8,
            model_digest="m",
            rules_digest="r",
            profile_version=1,
            window=Window(start=start, end=end),
            crossings=(Crossings(line_id="north", direction="forward", label="car", count=count),),
            appeared=(LabelCount(label="car", count=count),),
            present_max=count,
        )
        return CloudEvent.of(fact)

    return made
