"""Compaction: fewer files, the same rows, and nothing removed that somebody still reads."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.table import CommitTableResponse

from civicam.aws.lake import Lake
from civicam.aws.lake_compaction import Limits, compact, unique_rows
from civicam.aws.lake_writing import append
from civicam.contracts.base import now
from civicam.contracts.errors import Unavailable
from civicam.contracts.facts import CloudEvent
from civicam.lake.batches import arrow_rows
from civicam.lake.schemas import TABLES

pytestmark = pytest.mark.unit

VEHICLES = TABLES["vision.vehicles.counted.v1"]
AT_ONCE = Limits(min_files=2, keep=timedelta(0))
Made = Callable[..., CloudEvent[Any]]


def fill(lake: Lake, vehicles: Made, commits: int) -> None:
    for n in range(commits):
        rows = arrow_rows(VEHICLES, [vehicles(n), vehicles(n, revision=1)], recorded_at=now())
        lake.append_once(VEHICLES, rows, f"batch-{n}")


def identities(lake: Lake) -> list[tuple[str, int]]:
    found = lake.load(VEHICLES.name).scan().to_arrow().to_pylist()
    return sorted((row["fact_id"], row["revision"]) for row in found)


def files(lake: Lake) -> int:
    return len(list(lake.load(VEHICLES.name).scan().plan_files()))


def test_small_files_become_one_and_every_row_stays(lake: Lake, vehicles: Made) -> None:
    fill(lake, vehicles, 6)
    before = identities(lake)
    done = compact(lake, VEHICLES.name, Limits(min_files=2))
    assert (done.partitions, done.files_before, done.files_after) == (1, 6, 1)
    assert files(lake) == 1
    assert identities(lake) == before
    assert len(before) == 12


def test_a_large_backlog_is_joined_in_several_commits(lake: Lake, vehicles: Made) -> None:
    cameras = [f"01JD8K3V4N000000000000000{n}" for n in (1, 2, 4)]
    for n in range(3):
        rows = arrow_rows(VEHICLES, [vehicles(n, camera_id=camera) for camera in cameras], recorded_at=now())
        lake.append_once(VEHICLES, rows, f"batch-{n}")
    before, commits = identities(lake), len(lake.load(VEHICLES.name).snapshots())
    done = compact(lake, VEHICLES.name, Limits(min_files=2, files_a_commit=3))
    assert done.partitions == len(lake.load(VEHICLES.name).snapshots()) - commits > 1
    assert files(lake) == done.files_after == done.partitions
    assert identities(lake) == before


def test_a_fact_is_still_known_after_compaction(lake: Lake, vehicles: Made) -> None:
    fill(lake, vehicles, 4)
    compact(lake, VEHICLES.name, AT_ONCE)
    rows = arrow_rows(VEHICLES, [vehicles(1), vehicles(9)], recorded_at=now())
    assert lake.append_once(VEHICLES, rows, "late") == 1


def test_a_partition_with_few_files_is_left_alone(lake: Lake, vehicles: Made) -> None:
    fill(lake, vehicles, 2)
    snapshots = len(lake.load(VEHICLES.name).snapshots())
    done = compact(lake, VEHICLES.name, Limits(min_files=4))
    assert done.partitions == 0
    assert len(lake.load(VEHICLES.name).snapshots()) == snapshots


def test_files_that_a_kept_snapshot_reads_stay(lake: Lake, vehicles: Made) -> None:
    fill(lake, vehicles, 4)
    before = lake.load(VEHICLES.name).current_snapshot()
    assert before is not None
    done = compact(lake, VEHICLES.name, Limits(min_files=2, keep=timedelta(hours=24)))
    assert (done.snapshots_expired, done.files_removed) == (0, 0)
    assert lake.load(VEHICLES.name).scan(snapshot_id=before.snapshot_id).to_arrow().num_rows == 8


def test_expired_snapshots_go_with_the_files_that_only_they_read(lake: Lake, vehicles: Made) -> None:
    fill(lake, vehicles, 4)
    before = identities(lake)
    done = compact(lake, VEHICLES.name, AT_ONCE)
    stored = lake.load(VEHICLES.name)
    assert len(stored.snapshots()) == 1
    assert done.files_removed >= 4 + 4  # four data files, four manifest lists
    assert identities(lake) == before


def test_snapshots_are_bounded_by_number_too(lake: Lake, vehicles: Made) -> None:
    fill(lake, vehicles, 4)
    compact(lake, VEHICLES.name, Limits(min_files=100, keep_snapshots=2))
    assert len(lake.load(VEHICLES.name).snapshots()) == 2


def test_metadata_files_are_bounded(lake: Lake, vehicles: Made) -> None:
    fill(lake, vehicles, 25)
    assert len(lake.load(VEHICLES.name).metadata.metadata_log) <= 20


def test_doubled_rows_of_a_damaged_table_become_one(lake: Lake, vehicles: Made) -> None:
    fill(lake, vehicles, 1)
    rows = arrow_rows(VEHICLES, [vehicles(0)], recorded_at=now())
    for _ in range(3):
        append(lake.load(VEHICLES.name), rows, {})
    compact(lake, VEHICLES.name, AT_ONCE)
    assert identities(lake) == sorted((vehicles(0).data.fact_id, revision) for revision in (0, 1))


def test_of_doubled_rows_the_first_recorded_stays(vehicles: Made) -> None:
    first, second = (
        arrow_rows(VEHICLES, [vehicles(0)], recorded_at=now() + timedelta(seconds=seconds)) for seconds in (0, 5)
    )
    assert unique_rows(pa.concat_tables([second, first])).equals(first)


def test_a_commit_in_between_makes_the_compaction_try_again_later(
    open_lake: Callable[..., Lake], vehicles: Made
) -> None:
    rival = open_lake()

    class Overtaken(GlueCatalog):
        def commit_table(self, *args: Any, **kwargs: Any) -> CommitTableResponse:
            rival._append(VEHICLES, arrow_rows(VEHICLES, [vehicles(99)], recorded_at=now()), "rival")
            return super().commit_table(*args, **kwargs)

    fill(rival, vehicles, 4)
    with pytest.raises(Unavailable, match="another writer committed"):
        compact(open_lake(Overtaken), VEHICLES.name, replace(AT_ONCE))
    assert len(identities(rival)) == 9
