"""Files of the lake in S3: put whole, and read once where they never change."""

from collections import Counter
from typing import Any

import boto3
import pytest

from civicam.aws import clients
from civicam.aws.lake import Lake
from civicam.aws.lake_io import Kept, LakeIO, S3File
from civicam.contracts.base import now
from civicam.contracts.vision import VehiclesCounted
from civicam.lake.batches import arrow_rows
from civicam.lake.schemas import TABLES
from tests.lake.test_append_once import Made

METADATA, DATA = "s3://lake/lake/facts/metadata/1.json", "s3://lake/lake/facts/data/1.parquet"
VEHICLES = TABLES[VehiclesCounted.TYPE]


@pytest.fixture
def bucket(aws: None) -> Any:
    """An empty bucket."""
    bucket = boto3.resource("s3").Bucket("lake")
    bucket.create()
    return bucket


def test_a_file_is_put_whole_when_its_writer_is_done(bucket: Any) -> None:
    file = LakeIO().new_output(DATA)
    with file.create() as stream:
        stream.write(b"rows")
        assert not list(bucket.objects.all())
    assert bucket.Object("lake/facts/data/1.parquet").get()["Body"].read() == b"rows"
    assert len(file) == 4


def test_what_a_writer_left_half_done_is_not_put(bucket: Any) -> None:
    with pytest.raises(ZeroDivisionError), S3File(DATA).create() as stream:
        stream.write(bytes([1 // 0]))
    assert not list(bucket.objects.all())


def test_metadata_are_not_fetched_by_who_wrote_them(bucket: Any) -> None:
    with S3File(METADATA).create() as stream:
        stream.write(b"{}")
    bucket.objects.delete()
    assert LakeIO().new_input(METADATA).open().read() == b"{}"


def test_a_file_that_is_not_there_is_said_to_be_so(bucket: Any) -> None:
    missing = S3File(METADATA.replace("1.json", "2.json"))
    assert not missing.exists()
    with pytest.raises(FileNotFoundError):
        missing.open()


def test_memory_holds_what_was_used_last() -> None:
    kept = Kept(most_bytes=4)
    for name in ("a", "b"):
        kept.put(name, b"xx")
    assert kept.get("a") == b"xx"
    kept.put("c", b"yy")
    assert [kept.get(name) for name in "abc"] == [b"xx", None, b"yy"]


def test_a_commit_puts_its_files_and_asks_for_nothing_but_the_catalogues_entry(cloud: Lake, vehicles: Made) -> None:
    def write(number: int) -> None:
        rows = arrow_rows(VEHICLES, [vehicles(number)], recorded_at=now())
        assert cloud.append_once(VEHICLES, rows, str(number)) == 1

    write(0)
    calls: Counter[str] = Counter()
    for client in (clients.s3(), cloud.catalog.glue):  # type: ignore[attr-defined]
        client.meta.events.register("before-call", lambda model, **_: calls.update([model.name]))
    write(1)
    assert calls == {"PutObject": 4, "GetTable": 2, "UpdateTable": 1}
