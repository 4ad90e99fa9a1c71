"""S3 is the truth: the catalogue can be lost or fall behind, and no row that was written is lost with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from civicam.aws.lake import Lake
from civicam.aws.lake_files import LakeFiles
from civicam.aws.recovery.tables import TableRecovery, recover_tables
from civicam.contracts.base import now
from civicam.contracts.facts import CloudEvent
from civicam.lake.batches import arrow_rows
from civicam.lake.schemas import TABLES

pytestmark = pytest.mark.unit

VEHICLES = TABLES["vision.vehicles.counted.v1"]
NAME = VEHICLES.name
Made = Callable[..., CloudEvent[Any]]


def write(lake: Lake, *events: CloudEvent[Any], batch: str | None = None) -> None:
    batch_id = batch or "batch-" + "-".join(event.id[:8] for event in events)
    lake.append_once(VEHICLES, arrow_rows(VEHICLES, events, recorded_at=now()), batch_id)


def clips(lake: Lake) -> list[str]:
    return sorted(lake.load(NAME).scan().to_arrow()["clip_id"].to_pylist())


def recover(lake: Lake) -> TableRecovery:
    (done,) = recover_tables(lake)
    return done


def register(lake: Lake, location: str) -> None:
    """Put the catalogue back to where an older copy of it stood."""
    lake.catalog.drop_table((lake.database, NAME))
    lake.catalog.register_table((lake.database, NAME), location)


def local(location: str) -> Path:
    return Path(location.removeprefix("file://"))


@pytest.fixture
def three(lake: Lake, vehicles: Made) -> list[str]:
    """A table after each of three commits: where its metadata lay."""
    versions = []
    for n in range(3):
        write(lake, vehicles(n))
        versions.append(lake.load(NAME).metadata_location)
    return versions


def test_a_lost_catalogue_is_registered_again_at_the_newest_version(lake: Lake, vehicles: Made, three: Any) -> None:
    boto3.client("glue").delete_database(Name=lake.database)
    done = recover(lake)
    assert (done.action, done.version) == ("registered", 3)
    assert clips(lake) == [vehicles(n).data.clip_id for n in range(3)]


def test_recovering_again_changes_nothing(lake: Lake, three: Any) -> None:
    boto3.client("glue").delete_table(DatabaseName=lake.database, Name=NAME)
    recover(lake)
    assert not recover(lake).changed


def test_a_dry_run_says_what_it_would_do_and_does_nothing(lake: Lake, three: Any) -> None:
    boto3.client("glue").delete_table(DatabaseName=lake.database, Name=NAME)
    (planned,) = recover_tables(lake, dry_run=True)
    assert planned.action == "registered"
    assert lake.names() == []


def test_a_catalogue_that_fell_behind_is_moved_forward(lake: Lake, vehicles: Made, three: list[str]) -> None:
    register(lake, three[0])
    assert recover(lake).action == "moved_forward"
    assert clips(lake) == [vehicles(n).data.clip_id for n in range(3)]


def test_rows_written_on_top_of_an_older_catalogue_are_kept_too(lake: Lake, vehicles: Made, three: list[str]) -> None:
    register(lake, three[0])
    write(lake, vehicles(7))
    done = recover(lake)
    assert (done.action, done.rows_merged) == ("moved_forward", 1)
    assert clips(lake) == sorted(vehicles(n).data.clip_id for n in (0, 1, 2, 7))
    assert not recover(lake).changed


def test_of_two_that_raced_for_a_number_the_registered_one_stands_and_the_others_rows_join_it(
    lake: Lake, vehicles: Made, three: list[str]
) -> None:
    register(lake, three[1])
    write(lake, vehicles(7))
    raced = lake.load(NAME).metadata_location
    done = recover(lake)
    assert (done.action, done.version, done.rows_merged) == ("kept", 3, 1)
    assert raced in {entry.metadata_file for entry in lake.load(NAME).metadata.metadata_log}
    assert clips(lake) == sorted(vehicles(n).data.clip_id for n in (0, 1, 2, 7))


def test_versions_are_compared_as_numbers(lake: Lake, vehicles: Made) -> None:
    for n in range(11):
        write(lake, vehicles(n))
    newest = local(lake.load(NAME).metadata_location)
    newest.rename(newest.with_name(newest.name.replace("00011-", "100011-")))
    found = LakeFiles.of(lake.catalog, lake.location(NAME)).newest()
    assert found is not None
    assert found.version == 100011


@pytest.mark.parametrize("half", ["cut", "without_manifests", "without_data"])
def test_a_half_written_commit_never_wins(lake: Lake, vehicles: Made, three: list[str], half: str) -> None:
    stored = lake.load(NAME)
    snapshot = stored.current_snapshot()
    assert snapshot is not None
    if half == "cut":
        text = local(three[2]).read_bytes()
        local(three[2]).write_bytes(text[: len(text) // 2])
    elif half == "without_manifests":
        local(snapshot.manifest_list).unlink()
    else:
        newest = max(stored.scan().plan_files(), key=lambda task: local(task.file.file_path).stat().st_mtime)
        local(newest.file.file_path).unlink()
    boto3.client("glue").delete_table(DatabaseName=lake.database, Name=NAME)
    done = recover(lake)
    assert done.version == 2
    assert clips(lake) == [vehicles(n).data.clip_id for n in range(2)]


def test_a_table_of_which_nothing_can_be_read_is_said_to_be_so(lake: Lake, three: list[str]) -> None:
    for metadata in local(three[0]).parent.glob("*.metadata.json"):
        metadata.write_text("")
    assert recover(lake).action == "unreadable"


def test_a_writer_that_finds_no_table_but_its_files_goes_on_from_them(lake: Lake, vehicles: Made, three: Any) -> None:
    boto3.client("glue").delete_table(DatabaseName=lake.database, Name=NAME)
    write(lake, vehicles(1), vehicles(5), batch="after the loss")
    assert clips(lake) == sorted(vehicles(n).data.clip_id for n in (0, 1, 2, 5))
