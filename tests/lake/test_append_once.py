"""Every fact one row, whatever is delivered twice and however a commit ends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import mmh3
import pyarrow as pa
import pytest
from botocore.exceptions import ReadTimeoutError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import CommitTableResponse

from civicam.aws.lake import BATCH_ID, Lake, touched
from civicam.contracts.base import now
from civicam.contracts.cameras import ClipRejected
from civicam.contracts.errors import Unavailable
from civicam.contracts.facts import CloudEvent
from civicam.contracts.incidents import IncidentSuspected
from civicam.lake.batches import arrow_rows
from civicam.lake.schemas import CAMERA_BUCKETS, TABLES
from tests.fakes.facts import START, incident

pytestmark = pytest.mark.unit

VEHICLES = TABLES["vision.vehicles.counted.v1"]
Made = Callable[..., CloudEvent[Any]]


def rows(*events: CloudEvent[Any]) -> pa.Table:
    return arrow_rows(VEHICLES, events, recorded_at=now())


def stored(lake: Lake) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lake.load(VEHICLES.name).scan().to_arrow().to_pylist()
    return sorted(found, key=lambda row: (row["capture_start"], row["revision"]))


def test_the_same_batch_twice_is_one_commit(lake: Lake, vehicles: Made) -> None:
    batch = rows(vehicles(0), vehicles(1))
    assert lake.append_once(VEHICLES, batch, "batch") == 2
    assert lake.append_once(VEHICLES, batch, "batch") == 0
    assert len(stored(lake)) == 2
    assert len(lake.load(VEHICLES.name).snapshots()) == 1


def test_facts_delivered_again_in_another_batch_are_left_out(lake: Lake, vehicles: Made) -> None:
    lake.append_once(VEHICLES, rows(vehicles(0), vehicles(1)), "first")
    assert lake.append_once(VEHICLES, rows(vehicles(1), vehicles(2)), "second") == 1
    assert len(stored(lake)) == 3


def test_several_facts_of_one_kind_in_one_clip_are_a_row_each(lake: Lake) -> None:
    table = TABLES[IncidentSuspected.TYPE]
    begun, other, ended = incident(name="a"), incident(name="b"), incident(name="a", ended=True)
    taken_back = begun.withdrawn().model_copy(update={"revision": 1})
    first = arrow_rows(table, [CloudEvent.of(fact) for fact in (begun, other, begun)], recorded_at=now())
    again = arrow_rows(table, [CloudEvent.of(fact) for fact in (other, ended, taken_back)], recorded_at=now())
    assert lake.append_once(table, first, "first") == 2
    assert lake.append_once(table, again, "again") == 2
    found = lake.load(table.name).scan().to_arrow().to_pylist(maps_as_pydicts="strict")
    assert sorted(row["phase"] for row in found) == ["begun", "begun", "ended", "withdrawn"]
    assert {row["clip_id"] for row in found} == {begun.clip_id}
    assert found[0]["measures"] == {"stood_s": 4.0}


def test_a_batch_of_known_facts_commits_nothing(lake: Lake, vehicles: Made) -> None:
    lake.append_once(VEHICLES, rows(vehicles(0), vehicles(1)), "first")
    assert lake.append_once(VEHICLES, rows(vehicles(1)), "second") == 0
    assert len(lake.load(VEHICLES.name).snapshots()) == 1


def test_every_revision_of_a_fact_is_its_own_row(lake: Lake, vehicles: Made) -> None:
    lake.append_once(VEHICLES, rows(vehicles(0), vehicles(0, revision=1)), "first")
    lake.append_once(VEHICLES, rows(vehicles(0, revision=1), vehicles(0, revision=2)), "second")
    assert [row["revision"] for row in stored(lake)] == [0, 1, 2]


def test_a_commit_whose_answer_was_lost_is_found_by_its_batch_id(
    open_lake: Callable[..., Lake], vehicles: Made
) -> None:
    class AnswerLost(GlueCatalog):
        commits = 0

        def commit_table(self, *args: Any, **kwargs: Any) -> CommitTableResponse:
            response = super().commit_table(*args, **kwargs)
            AnswerLost.commits += 1
            if AnswerLost.commits == 1:
                raise ReadTimeoutError(endpoint_url="glue")
            return response

    lake = open_lake(AnswerLost)
    assert lake.append_once(VEHICLES, rows(vehicles(0), vehicles(1)), "batch") == 0
    assert AnswerLost.commits == 1
    assert len(stored(lake)) == 2


def test_a_writer_that_lost_the_race_compares_again_before_it_commits(
    open_lake: Callable[..., Lake], vehicles: Made
) -> None:
    rival = open_lake()

    class Overtaken(GlueCatalog):
        overtaken = False

        def commit_table(self, *args: Any, **kwargs: Any) -> CommitTableResponse:
            if not Overtaken.overtaken:
                Overtaken.overtaken = True
                rival._append(VEHICLES, rows(vehicles(0)), "rival")
            return super().commit_table(*args, **kwargs)

    rival._append(VEHICLES, rows(vehicles(9)), "before")
    lake = open_lake(Overtaken)
    assert lake.append_once(VEHICLES, rows(vehicles(0), vehicles(1)), "batch") == 1
    assert len(stored(lake)) == 3


def test_a_table_that_never_takes_a_commit_is_unavailable(open_lake: Callable[..., Lake], vehicles: Made) -> None:
    class Contested(GlueCatalog):
        def commit_table(self, *args: Any, **kwargs: Any) -> CommitTableResponse:
            raise CommitFailedException("somebody else was faster")

    with pytest.raises(Unavailable, match="vision_vehicles_counted"):
        open_lake(Contested).append_once(VEHICLES, rows(vehicles(0)), "batch")


def test_two_writers_at_once_lose_nothing_and_double_nothing(open_lake: Callable[..., Lake], vehicles: Made) -> None:
    lakes = [open_lake(wait_seconds=30), open_lake(wait_seconds=30)]

    def write(turn: int) -> None:
        events = [vehicles(n) for n in range(turn, turn + 3)]
        lakes[turn % 2].append_once(VEHICLES, rows(*events), f"batch-{turn}")

    with ThreadPoolExecutor(2) as writers:
        list(writers.map(write, range(6)))
    assert [row["clip_id"] for row in stored(lakes[0])] == [vehicles(n).data.clip_id for n in range(8)]


def test_the_lease_of_another_writer_is_respected(open_lake: Callable[..., Lake], vehicles: Made) -> None:
    other = open_lake()
    with other.leases.hold(other.lease_name(VEHICLES.name)), pytest.raises(Unavailable, match="another writer"):
        open_lake(wait_seconds=0).append_once(VEHICLES, rows(vehicles(0)), "batch")


def test_the_lease_of_a_dead_writer_is_taken_when_its_term_is_over(
    open_lake: Callable[..., Lake], vehicles: Made
) -> None:
    dead = open_lake(seconds=0.5)
    held = dead.leases.hold(dead.lease_name(VEHICLES.name))
    held.__enter__()
    assert open_lake(wait_seconds=5).append_once(VEHICLES, rows(vehicles(0)), "batch") == 1


def test_a_holder_whose_lease_was_taken_over_learns_it_at_renewal(open_lake: Callable[..., Lake]) -> None:
    held = open_lake(seconds=0.01).leases.hold("lake/t")
    slow = held.__enter__()
    with open_lake().leases.hold("lake/t"), pytest.raises(Unavailable, match="could not be renewed"):
        slow.renew()


def test_the_comparison_opens_only_files_of_the_same_camera_bucket_and_time(lake: Lake, vehicles: Made) -> None:
    day, other_camera = 8640, "01JD8K3V4N0000000000000002"
    events = [*map(vehicles, (0, 1, 2, day, 2 * day)), vehicles(1, camera_id=other_camera)]
    for number, event in enumerate(events):
        lake.append_once(VEHICLES, rows(event), f"batch-{number}")

    def opened(*facts: CloudEvent[Any]) -> int:
        return len(list(lake.load(VEHICLES.name).scan(row_filter=touched(VEHICLES, rows(*facts))).plan_files()))

    assert opened(vehicles(1)) == 1
    assert opened(vehicles(1), vehicles(day)) == 2
    assert opened(vehicles(3)) == 0


def test_a_fact_whose_moment_is_not_its_identity_is_known_on_another_day(lake: Lake) -> None:
    table = TABLES["cameras.clip.rejected.v1"]
    for day in (24, 25):
        fact = ClipRejected(
            fact_id="rejected",
            camera_id="unknown",
            clip_id="clip",
            reason="not_a_video",
            message="",
            quarantine_key="quarantine/not_a_video/clip",
            rejected_at=datetime(2026, 11, day, tzinfo=UTC),
        )
        lake.append_once(table, arrow_rows(table, [CloudEvent.of(fact)], recorded_at=now()), f"batch-{day}")
    assert lake.load(table.name).scan().to_arrow().num_rows == 1


def test_rows_lie_in_the_partitions_that_icebergs_specification_gives_them(lake: Lake, vehicles: Made) -> None:
    cameras = [f"01JD8K3V4N000000000000000{n}" for n in (1, 2, 3)]
    lake.append_once(VEHICLES, rows(*(vehicles(0, camera_id=camera) for camera in cameras)), "batch")
    hashes = {camera: mmh3.hash(camera.encode()) & 0x7FFFFFFF for camera in cameras}
    day = (START.date() - date(1970, 1, 1)).days
    expected = {(day, value % CAMERA_BUCKETS) for value in hashes.values()}
    files = [task.file for task in lake.load(VEHICLES.name).scan().plan_files()]
    assert {(file.partition[0], file.partition[1]) for file in files} == expected
    assert all("/capture_start_day=2026-11-24/camera_bucket=" in file.file_path for file in files)


def test_each_commit_names_its_batch(lake: Lake, vehicles: Made) -> None:
    lake.append_once(VEHICLES, rows(vehicles(0)), "batch-7")
    summary = lake.load(VEHICLES.name).snapshots()[0].summary
    assert summary is not None
    assert summary.additional_properties[BATCH_ID] == "batch-7"
