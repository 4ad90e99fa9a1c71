"""A lake on disk behind moto's Glue and DynamoDB, and facts to put into it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from pyiceberg.catalog.glue import GlueCatalog

from civicam.aws.lake import Lake
from civicam.aws.leases import Leases
from civicam.contracts.facts import CloudEvent
from civicam.contracts.ids import fact_id
from civicam.contracts.vision import Crossings, LabelCount, VehiclesCounted, Window

CAMERA = "01JD8K3V4N0000000000000001"
START = datetime(2026, 11, 24, 10, 45, tzinfo=UTC)
LEASES = "leases"
DATABASE = "civicam"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto's AWS with the table of leases and the lake's database."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName=LEASES,
            KeySchema=[{"AttributeName": "lease", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "lease", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE})
        yield


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
