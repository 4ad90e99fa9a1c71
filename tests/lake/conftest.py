"""A lake on disk behind moto's Glue and DynamoDB, one in the embedded AWS, and facts to put into them."""

import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import boto3
import psutil
import pytest
from moto import mock_aws
from pyiceberg.catalog.glue import GlueCatalog

from civicam.aws import clients
from civicam.aws.lake import Lake
from civicam.aws.leases import Leases
from civicam.aws.recovery import City as RecoverableCity
from civicam.contracts.cameras import Camera, Profile
from civicam.contracts.facts import CloudEvent
from civicam.contracts.vision import VehiclesCounted
from civicam.contracts.watch import LineCount, Rule
from civicam_cli.deployment import CREDENTIALS, REGION
from civicam_cli.embedded.city import City
from civicam_cli.embedded.emulator import start
from tests.fakes import facts
from tests.fakes.city_in_moto import BUCKETS, TABLES, Context, schema
from tests.fakes.facts import CAMERA
from tests.fakes.town import Town, hear, make_table

LEASES = "leases"
DATABASE = "civicam"


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody's keys, and clients that were made with them."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in CREDENTIALS.items() | dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), REGION).items():
        monkeypatch.setenv(name, value)
    clients.forget()
    yield
    clients.forget()


@pytest.fixture
def aws(credentials: None) -> Iterator[None]:
    """moto's AWS with the table of leases and the lake's database."""
    with mock_aws():
        make_leases(LEASES)
        boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE})
        yield


def make_leases(name: str) -> None:
    """An empty table of leases."""
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=schema(("lease",)),
        AttributeDefinitions=[{"AttributeName": "lease", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an embedded AWS, empty, that lives as long as the tests."""
    city = City(tmp_path_factory.mktemp("emulator"))
    start(city, (sys.executable, "-m", "ministack"))
    yield city.endpoint_url
    for process in city.processes():
        process.kill()
    psutil.wait_procs(city.processes(), 5)


@pytest.fixture
def cloud(emulator: str, credentials: None, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """An empty lake in the embedded AWS, found through the environment as a function finds it."""
    unique = uuid4().hex[:8]
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator)
    for name in ("LAKE_BUCKET", "LEASES_TABLE"):
        monkeypatch.setenv(name, f"{name.lower().replace('_', '-')}-{unique}")
    monkeypatch.setenv("GLUE_DATABASE", f"civicam_{unique}")
    boto3.client("s3").create_bucket(Bucket=os.environ["LAKE_BUCKET"])
    boto3.client("glue").create_database(DatabaseInput={"Name": os.environ["GLUE_DATABASE"]})
    make_leases(os.environ["LEASES_TABLE"])
    return Lake.from_env()


@pytest.fixture
def town(cloud: Lake, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A city in the embedded AWS with one camera, one rule and nothing else."""
    unique = uuid4().hex[:8]
    for name in (*BUCKETS, *TABLES):
        monkeypatch.setenv(name, f"{name.lower().replace('_', '-')}-{unique}")
    for name in BUCKETS:
        boto3.client("s3").create_bucket(Bucket=os.environ[name])
    for name in TABLES:
        make_table(name)
    monkeypatch.setenv("BUS_NAME", f"facts-{unique}")
    town = Town(RecoverableCity.from_env(), hear(os.environ["BUS_NAME"]))
    profile = Profile(analytics=("vehicle", "crowd"))
    camera = Camera(
        camera_id=CAMERA, name="Gate", owner_id="city", unit_id="ward-1", position=(106.7, 10.8), profile=profile
    )
    town.city.registry.put(camera)
    condition = LineCount(line_id="north", at_least=2)
    town.city.rules.put(Rule(rule_id="many", title="Many", camera_id=CAMERA, condition=condition))
    return town


class TimedContext(Context):
    """A run of a function, and the time that it has left."""

    remaining_ms = 300_000

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # Powertools declares it static
        """Milliseconds until Lambda ends the run."""
        return self.remaining_ms


@pytest.fixture
def context() -> TimedContext:
    """A run of a function with five minutes left."""
    return TimedContext()


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
        fact = facts.vehicles(
            facts.crossing(count),
            capture_start=facts.START + timedelta(seconds=10 * n),
            camera_id=camera_id,
            clip_id=f"clip-{camera_id}-{n}",
            revision=revision,
        )
        return CloudEvent.of(fact.model_copy(update={"present_max": count}))

    return made
