"""`civicam cameras health` and `coverage`, over a city in moto."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from civicam.aws.claims import Claims
from civicam.aws.health import HealthTable, Known
from civicam.aws.registry import Registry
from civicam.cameras.health import Health
from civicam.cameras.health_facts import changed
from civicam.contracts.base import utc_text
from civicam.contracts.facts import CloudEvent
from civicam.contracts.footage import Footage
from civicam.contracts.health import Looked
from civicam_cli.cameras import app
from tests.cameras.conftest import AT, PULLED, PUSHING, camera, declaration

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def known(city: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cameras: one was well for six minutes of ten, of the other nobody knows; half a minute was filmed."""
    monkeypatch.setenv("CIVICAM_ENVIRONMENT", "staging")
    names = {"CamerasTable": "cameras-table", "ClipsTable": "clips-table", "HealthTable": "health-table"}
    places = names | {"RegistryBucket": "registry-bucket"}
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in places.items()},
    }
    boto3.client("cloudformation").create_stack(StackName="civicam-staging-cameras", TemplateBody=json.dumps(template))
    for one in (camera(), camera(PULLED, unit_id="ward-2")):
        Registry.from_env().put(one, at=AT - timedelta(days=2))
    table, standing = HealthTable.from_env(), Health(since=AT)
    assert table.put(Known(PUSHING, standing), None)
    for number, state in enumerate(("healthy", "dead"), 1):
        after = Health(since=AT + timedelta(minutes=6 * (number - 1)), state=state, number=number)
        assert table.put(Known(PUSHING, after, CloudEvent.of(changed(PUSHING, standing, after))), standing)
        standing = after
    for second, judged in ((0, True), (15, False)):
        told = declaration(bytes(second + 1), start=AT + timedelta(seconds=second), seconds=15)
        clip = Footage.place(**dict(told), bucket="footage-bucket")
        Claims.from_env().claim(clip, clip.capture_end)
        if judged:
            Claims.from_env().judged(clip.clip_id, Looked(coverage=0.5, sampling_fps=5, conditions=("black",)))


def asked(command: str, minutes: float, *options: str) -> Any:
    period = ("--from", utc_text(AT), "--to", utc_text(AT + timedelta(minutes=minutes)))
    done = CliRunner().invoke(app, [command, *period, *options, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_uptime_is_told_by_camera_owner_and_unit() -> None:
    told = asked("health", 10)
    by_camera = {one["camera_id"]: one for one in told["cameras"]}
    assert (by_camera[PUSHING]["state"], by_camera[PUSHING]["uptime"]) == ("dead", pytest.approx(0.6))
    assert (by_camera[PULLED]["state"], by_camera[PULLED]["uptime"]) == ("unknown", None)
    assert told["owners"]["transport"]["cameras"] == 2
    assert told["owners"]["transport"]["uptime"] == pytest.approx(0.6)
    assert {unit: one["cameras"] for unit, one in told["units"].items()} == {"ward-sai-gon": 1, "ward-2": 1}
    assert asked("health", 10, "--unit", "ward-2", "--owner", "transport")["owners"]["transport"]["uptime"] is None


def test_coverage_is_told_by_analytic_and_its_gap_adds_up() -> None:
    told = asked("coverage", 1, "--unit", "ward-sai-gon")["analytics"]
    assert told.keys() == {"vehicle", "crowd", "face", "incident"}
    assert told["crowd"] == {
        "promised_min": 1.0,
        "analysed_min": 0.125,
        "coverage": 0.125,
        "gap_min": {"blind": 0.125, "not_received": 0.5, "waiting": 0.25},
    }


@pytest.mark.parametrize("command", ["health", "coverage"])
def test_tables_are_for_people_and_a_period_that_ends_before_it_begins_is_refused(command: str) -> None:
    shown = CliRunner().invoke(app, [command], env={"COLUMNS": "200"}, catch_exceptions=False)
    assert shown.exit_code == 0
    assert "transport" in shown.output or "Coverage" in shown.output
    for wrong in (["--from", "2026-11-30T08:00"], ["--from", "today"], ["--from", "2999-01-01T00:00Z"]):
        assert CliRunner().invoke(app, [command, *wrong]).exit_code == 1
