"""`civicam replay`: what is asked before it runs, where a replay stands, and the page of a comparison."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from civicam.aws.replay_machine import ReplayMachine
from civicam.aws.replays import Replays
from civicam.contracts.base import now
from civicam.contracts.errors import Conflict, NotFound, Rejected
from civicam.contracts.replay import BatchDone, Estimate, Replay, ReplayWish
from civicam.vision.differences import Difference
from civicam_cli.moments import both, read_moment
from civicam_cli.replay.commands import app
from civicam_cli.replay.page import Shown, line, write_page
from civicam_cli.replay.pictures import TwoViews
from civicam_cli.replay.screen import headline
from civicam_cli.replay.wishes import wish_of
from tests.fakes.city_in_moto import city_in_moto

pytestmark = pytest.mark.unit

CAMERA = "01JD8K3V4N0000000000000001"
EIGHT = datetime(2026, 11, 24, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-11-24 08:00", "2026-11-24T01:00:00Z", "2026-11-24T08:00:00+07:00", " 2026-11-24 08:00 ", "20261124T08:00"],
)
def test_times_are_the_citys_unless_they_say_otherwise(text: str) -> None:
    assert read_moment(text) == EIGHT


def test_both_times_are_shown_and_the_day_where_it_is_another() -> None:
    assert both(EIGHT) == "2026-11-24 08:00:00 (01:00:00Z)"
    assert both(EIGHT - timedelta(hours=2)) == "2026-11-24 06:00:00 (2026-11-23T23:00:00Z)"


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - the city's own, without a zone
def test_a_time_that_is_shown_can_be_asked_for(moment: datetime) -> None:
    at = read_moment(moment.replace(microsecond=0).isoformat())
    assert read_moment(both(at).partition(" (")[0]) == at


@pytest.mark.parametrize("text", ["yesterday", "", "24.11.2026", "2026-13-01"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Rejected, match="2026-11-24 08:00"):
        read_moment(text)


def test_a_wish_names_models_by_their_task_and_rules_by_their_analytic(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[vehicle]\nclear_px = 3.0\n")
    wish = wish_of(
        "2026-11-24 08:00", "2026-11-24 09:00", cameras=f" {CAMERA},", models=["yolox-nano", "yunet-n"], rules=rules
    )
    assert (wish.start, wish.end, wish.cameras) == (EIGHT, EIGHT + timedelta(hours=1), (CAMERA,))
    assert wish.overrides.models == {"objects": "yolox-nano", "faces": "yunet-n"}
    assert wish.overrides.parameters == {"vehicle": {"clear_px": 3.0}}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"models": ["yolox-nano", "picodet-s"]}, "name one of them"),
        ({"models": ["no-such"]}, "no model is called"),
        ({"cameras": "north gate"}, "cameras.0"),
        ({"until": "2026-11-24 07:00"}, "`end` must be after `start`"),
    ],
)
def test_a_wish_that_cannot_be_meant_is_refused(options: dict[str, str], said: str) -> None:
    told = {"since": "2026-11-24 08:00", "until": "2026-11-24 09:00"} | options
    with pytest.raises(Rejected, match=said):
        wish_of(told.pop("since"), told.pop("until"), **told)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["clear_px = 3.0", "[vehicle\n", "\x00"])
def test_rules_that_are_no_tables_are_refused_by_their_file(tmp_path: Path, text: str) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(text)
    with pytest.raises(Rejected, match=r"rules\.toml"):
        wish_of("2026-11-24", "2026-11-25", rules=rules)


def test_where_nobody_can_be_asked_nothing_is_started() -> None:
    result = CliRunner().invoke(app, ["--from", "2026-11-24 08:00", "--to", "2026-11-24 09:00"])
    assert isinstance(result.exception, Rejected)
    assert "--yes" in str(result.exception)


def test_without_a_stretch_of_time_the_options_are_named() -> None:
    result = CliRunner().invoke(app, ["--yes"])
    assert "--from and --to" in str(result.exception)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReplayMachine]:
    """The machine in moto, which runs nothing, and one replay of two batches."""
    with city_in_moto(monkeypatch):
        definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
        created = boto3.client("stepfunctions").create_state_machine(
            name="replay", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/replay"
        )
        monkeypatch.setenv("REPLAY_ARN", created["stateMachineArn"])
        wish = ReplayWish(start=EIGHT, end=EIGHT + timedelta(hours=1))
        estimate = Estimate(clips=4, clip_seconds=40, cpu_seconds=9, vcpu_hours=0.1, usd=0.01, prices_of="there")
        Replays.from_env().plan(Replay(run="r1", wish=wish, estimate=estimate, batches=2, planned_at=EIGHT))
        yield ReplayMachine.from_env()


def finish(*batches: int) -> None:
    for batch in batches:
        done = BatchDone(batch=batch, camera_id=CAMERA, clips=2, finished_at=now())
        Replays.from_env().finish("r1", done)


def test_a_replay_is_planned_then_runs_is_stopped_goes_on_and_ends(machine: ReplayMachine) -> None:
    assert machine.progress("r1").state == "planned"
    assert machine.start("r1").attempt == 1
    assert machine.progress("r1").state == "running"
    finish(0)
    machine.stop("r1")
    assert (machine.progress("r1").state, len(machine.progress("r1").done)) == ("stopped", 1)
    assert machine.start("r1").attempt == 2
    assert machine.progress("r1").state == "running"
    finish(1)
    assert machine.progress("r1").state == "finished"
    assert headline(machine.progress("r1")) == "r1: finished, 2 of 2 batches, 4 of 4 clips, 0 of them failed"


def test_what_runs_or_is_finished_is_not_started_again(machine: ReplayMachine) -> None:
    machine.start("r1")
    with pytest.raises(Conflict, match="running"):
        machine.start("r1")
    finish(0, 1)
    with pytest.raises(Conflict, match="finished"):
        machine.start("r1")
    with pytest.raises(Conflict, match="finished"):
        machine.stop("r1")


def test_two_who_start_a_replay_at_once_start_it_once(machine: ReplayMachine) -> None:
    standing = Replays.from_env().get("r1")
    Replays.from_env().start(standing)
    with pytest.raises(Conflict, match="somebody else"):
        Replays.from_env().start(standing)


def test_a_start_that_broke_off_before_its_execution_can_be_resumed(machine: ReplayMachine) -> None:
    Replays.from_env().start(Replays.from_env().get("r1"))
    assert machine.progress("r1").state == "failed"
    assert machine.start("r1").attempt == 2


def test_a_machine_that_ended_without_all_batches_has_failed(machine: ReplayMachine) -> None:
    replay = machine.start("r1")
    arn = machine.arn.replace(":stateMachine:", ":execution:") + f":r1-{replay.attempt}"
    boto3.client("stepfunctions").stop_execution(executionArn=arn)
    progress = machine.progress("r1")
    assert progress.state == "failed"
    assert "ABORTED" in progress.why


def test_a_replay_that_is_not_there_is_said_so(machine: ReplayMachine) -> None:
    with pytest.raises(NotFound, match="civicam replay list"):
        machine.progress("r9")


def test_planned_again_a_replay_stays_as_it_is(machine: ReplayMachine) -> None:
    machine.start("r1")
    Replays.from_env().plan(Replays.from_env().get("r1").model_copy(update={"attempt": 0}))
    assert Replays.from_env().get("r1").attempt == 1


CHANGED = Difference(
    change="changed",
    camera_id=CAMERA,
    clip_id="c",
    capture_start=EIGHT,
    type="vision.vehicles.counted.v1",
    rule="vehicle",
    reads="objects",
    measures={"crossings <b>north</b> count": (2, None), "people_mean": (1.25, 2.0)},
)


def test_a_page_shows_both_runs_beside_each_other_and_takes_no_markup_from_data(tmp_path: Path) -> None:
    shown = [Shown([CHANGED], TwoViews(1.2, b"one", b"two")), Shown([CHANGED], None, "the <footage> is gone")]
    page = write_page(tmp_path / "new", "r1 against live", ("live", "r1"), [[CAMERA, "vehicle", "0", "0", "2"]], shown)
    text = page.read_text()
    assert (page.parent / "001-live.jpg").read_bytes() == b"one"
    assert (page.parent / "001-r1.jpg").read_bytes() == b"two"
    assert text.count("<img ") == 2
    assert "the &lt;footage&gt; is gone" in text
    assert "<b>north" not in text
    assert "http" not in text


def test_a_difference_is_said_in_words() -> None:
    assert line(CHANGED).startswith("vehicle changed: crossings <b>north</b> count 2 -> none, people_mean 1.25 -> 2")
