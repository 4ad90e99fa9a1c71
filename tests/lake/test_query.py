"""`civicam lake query`: one SELECT, latest revisions under the plain name, nothing written, nothing fetched."""

from collections.abc import Callable
from typing import Any

import pytest

from civicam.aws.lake import Lake
from civicam.contracts.base import now
from civicam.contracts.errors import Rejected
from civicam.contracts.facts import CloudEvent
from civicam.lake.batches import arrow_rows
from civicam.lake.queries import athena_view, named_queries
from civicam.lake.schemas import TABLES
from civicam_cli.lake import Format, answer, describe, show

pytestmark = pytest.mark.unit

VEHICLES = TABLES["vision.vehicles.counted.v1"]
Made = Callable[..., CloudEvent[Any]]


@pytest.fixture
def filled(lake: Lake, vehicles: Made) -> Lake:
    """Two clips, the first of which was judged three times."""
    events = [vehicles(0, count=1), vehicles(0, revision=1, count=2), vehicles(0, revision=2, count=5), vehicles(1)]
    lake.append_once(VEHICLES, arrow_rows(VEHICLES, events, recorded_at=now()), "batch")
    return lake


def rows(lake: Lake, sql: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer(lake, sql).to_pylist()
    return found


def test_the_plain_name_shows_each_fact_in_its_highest_revision(filled: Lake) -> None:
    sql = f"SELECT revision, present_max FROM {VEHICLES.name} ORDER BY capture_start"
    assert rows(filled, sql) == [{"revision": 2, "present_max": 5}, {"revision": 0, "present_max": 3}]


def test_the_name_with_all_shows_every_revision(filled: Lake) -> None:
    assert rows(filled, f"SELECT count(*) AS n FROM {VEHICLES.name}_all") == [{"n": 4}]


def test_what_a_replay_says_is_counted_by_nobody_who_does_not_ask_for_it(filled: Lake, vehicles: Made) -> None:
    before = rows(filled, f"SELECT sum(present_max)::INT AS n FROM {VEHICLES.name}")
    fact = vehicles(1).data
    replayed = CloudEvent.of(fact.model_copy(update={"run": "20261124t104500-abcdef", "fact_id": "replayed"}))
    filled.append_once(VEHICLES, arrow_rows(VEHICLES, [replayed], recorded_at=now()), "another batch")

    assert rows(filled, f"SELECT sum(present_max)::INT AS n FROM {VEHICLES.name}") == before
    assert rows(filled, f"SELECT run FROM {VEHICLES.name}_all WHERE run <> 'live'") == [{"run": replayed.data.run}]


def test_nested_measures_can_be_asked_for(filled: Lake) -> None:
    sql = (
        f"SELECT sum(c.count)::INT AS n FROM (SELECT unnest(crossings) AS c FROM {VEHICLES.name}) WHERE c.label = 'car'"
    )
    assert rows(filled, sql) == [{"n": 8}]


def test_times_are_utc(filled: Lake) -> None:
    (row,) = rows(filled, f"SELECT strftime(min(capture_start), '%H:%M') AS t FROM {VEHICLES.name}")
    assert row == {"t": "10:45"}


@pytest.mark.parametrize("sql", ["DROP VIEW x", "SELECT 1; SELECT 2", "", "INSTALL httpfs", "SELECT FROM WHERE"])
def test_anything_but_one_select_is_refused(filled: Lake, sql: str) -> None:
    with pytest.raises(Rejected) as refused:
        answer(filled, sql)
    assert refused.value.reason == "not_a_query"


@pytest.mark.parametrize("sql", ["SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'"])
def test_files_of_the_machine_are_out_of_reach(filled: Lake, sql: str) -> None:
    with pytest.raises(Rejected) as refused:
        answer(filled, sql)
    assert refused.value.reason == "query_failed"


def test_an_unknown_table_is_answered_with_the_known_ones(filled: Lake) -> None:
    with pytest.raises(Rejected, match=VEHICLES.name):
        answer(filled, "SELECT * FROM nothing_here")


def test_a_tables_figures_come_without_reading_it(filled: Lake) -> None:
    figures = describe(filled, VEHICLES.name)
    assert (figures["rows"], figures["files"], figures["snapshots"]) == (4, 1, 1)


def test_rows_are_printed_as_json_lines_or_csv(filled: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(filled, f"SELECT camera_id, present_max FROM {VEHICLES.name} ORDER BY present_max")
    show(found, Format.JSON)
    assert '"present_max": 3' in capsys.readouterr().out.splitlines()[0]
    show(found, Format.CSV)
    assert capsys.readouterr().out.splitlines()[0] == "camera_id,present_max"


def test_every_table_has_its_view_for_athena() -> None:
    assert set(named_queries()) >= {f"view_{table.name}_latest" for table in TABLES.values()}
    assert athena_view(VEHICLES.name).startswith(f'CREATE OR REPLACE VIEW "{VEHICLES.name}_latest" AS SELECT * FROM')
