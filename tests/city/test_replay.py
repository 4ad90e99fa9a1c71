"""Stored clips replayed on the embedded AWS: with other rules, with another model, stopped, resumed, compared."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from civicam.aws.claims import Claims, ClipState
from civicam.aws.clip_facts import ClipFacts
from civicam.aws.models import ModelStore
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Rejected
from civicam.contracts.ids import LIVE
from civicam.contracts.vision import VehiclesCounted
from civicam.runtime.segmenting import stamped
from civicam.vision.succession import Judgement
from civicam_cli.deployment import load_deployment
from civicam_cli.embedded.city import City
from civicam_cli.models import publish_models
from civicam_cli.replay.commands import app
from civicam_cli.replay.wishes import planned, wish_of
from tests.city.test_way_of_a_clip import JUNCTION
from tests.city.whole import WholeCity

pytestmark = pytest.mark.flow

DENSE = JUNCTION.model_copy(update={"sampling_fps": 12.5})
STRICT = "[vehicle]\nclear_sizes = 9.0\n"
"""No vehicle is ever that far from a line: none crosses it."""


@dataclass(frozen=True)
class Street:
    """Three clips of two cameras, judged live, an hour ago."""

    start: datetime
    cameras: tuple[Camera, Camera]
    clips: tuple[str, ...]

    @property
    def options(self) -> list[str]:
        """The replay's stretch of time and cameras."""
        until = self.start + timedelta(minutes=1)
        named = ",".join(camera.camera_id for camera in self.cameras)
        return ["--from", utc_text(self.start), "--to", utc_text(until), "--cameras", named]

    def judged(self, run: str) -> list[Judgement]:
        """Everything that stands in one run."""
        table, until = ClipFacts.from_env(), self.start + timedelta(minutes=1)
        return [one for camera in self.cameras for one in table.between(camera.camera_id, run, self.start, until)]


@pytest.fixture(scope="module")
def street(whole: WholeCity, junction: Path, junction_in_two: tuple[bytes, bytes]) -> Street:
    start = now().replace(microsecond=0) - timedelta(hours=1)
    first, second = whole.camera("replayed in two", DENSE), whole.camera("replayed whole", DENSE)
    told = [(first, junction_in_two[0], 0.0), (first, junction_in_two[1], 1.0), (second, junction.read_bytes(), 0.0)]
    clips = []
    for camera, body, after in told:
        begun = start + timedelta(seconds=after)
        seconds = 2.0 if camera is second else 1.0
        clips.append(whole.deliver(camera, stamped(body, camera.camera_id, begun), begun, seconds))
        whole.facts_of(clips[-1], VehiclesCounted)
    return Street(start, (first, second), tuple(clips))


@pytest.fixture
def civicam(city: City, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs `civicam replay` with these arguments, and gives its JSON document."""
    monkeypatch.setenv("CIVICAM_HOME", str(city.folder))

    def run(*arguments: str, code: int = 0) -> Any:
        result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    return run


def test_a_replay_by_other_rules_is_stopped_resumed_and_stands_beside_the_live_facts(
    whole: WholeCity, street: Street, civicam: Callable[..., Any], tmp_path: Path
) -> None:
    live = street.judged(LIVE)
    rules = tmp_path / "strict.toml"
    rules.write_text(STRICT)

    begun = civicam(*street.options, "--rules", str(rules), "--yes", "--no-wait")
    assert CliRunner().invoke(app, ["stop", begun["run"]]).exit_code == 0
    stopped = civicam("show", begun["run"])
    resumed = civicam("resume", begun["run"])
    difference = civicam("diff", begun["run"], "--out", str(tmp_path / "page"))

    assert (stopped["state"], stopped["batches_done"], stopped["batches"]) == ("stopped", 0, 2)
    assert (resumed["state"], resumed["clips_done"], resumed["failures"]) == ("finished", 3, [])
    replayed = street.judged(begun["run"])
    assert [one.clip.footage for one in replayed] == [one.clip.footage for one in live]
    assert sum(len(_crossings(one)) for one in live) >= 2
    assert not any(_crossings(one) for one in replayed)
    assert street.judged(LIVE) == live
    assert {Claims.from_env().get(clip).state for clip in street.clips} == {ClipState.JUDGED}

    assert difference["clips"] == 3
    assert {count["rule"] for count in difference["counts"]} == {"vehicle"}
    assert {one["change"] for one in difference["differences"]} == {"changed"}
    assert all(any("crossings" in name for name in one["measures"]) for one in difference["differences"])
    page = Path(difference["page"])
    assert sum(path.suffix == ".jpg" for path in page.parent.iterdir()) == 2 * len(difference["differences"])

    for clip in street.clips:
        rows = whole.wait_for_rows(VehiclesCounted, f"clip_id = '{clip}' AND run = '{begun['run']}'", 1)
        assert rows[0]["run"] == begun["run"]
        assert len(whole.rows(VehiclesCounted, f"clip_id = '{clip}' AND run = 'live' AND revision = 0")) == 1


def test_the_same_model_says_the_same_once_more(street: Street, civicam: Callable[..., Any]) -> None:
    replayed = civicam(*street.options, "--model", "centernet", "--yes")

    assert (replayed["state"], replayed["failures"]) == ("finished", [])
    boxes = [uri for one in street.judged(replayed["run"]) for uri in one.clip.boxes.values()]
    assert len(boxes) == 6
    assert all(f"/{replayed['run']}.json.gz#" in uri for uri in boxes)
    assert civicam("diff", replayed["run"])["differences"] == []
    assert replayed["run"] in {one["run"] for one in civicam("list")}


@pytest.mark.needs_models
def test_another_model_is_compared_with_the_first(street: Street, civicam: Callable[..., Any], tmp_path: Path) -> None:
    publish_models(ModelStore.from_env(), ["yolox-nano"])

    replayed = civicam(*street.options, "--model", "yolox-nano", "--yes")
    difference = civicam("diff", replayed["run"], "--out", str(tmp_path))

    assert (replayed["state"], replayed["failures"]) == ("finished", [])
    assert {count["rule"] for count in difference["counts"]} <= {"vehicle", "crowd", "face"}
    assert difference["differences"]
    assert Path(difference["page"]).read_text().count("<img ") >= 2


def test_a_replay_of_all_cameras_is_only_planned_until_somebody_says_yes(
    street: Street, civicam: Callable[..., Any]
) -> None:
    plan = planned(load_deployment(), wish_of(*street.options[1:4:2]))

    assert plan.estimate.clips >= 3
    with pytest.raises(Rejected, match="no clip of these cameras"):
        planned(load_deployment(), wish_of("2020-01-01", "2020-01-02"))
    assert civicam("show", plan.run)["state"] == "planned"


def test_at_a_terminal_it_says_what_it_takes_and_asks(street: Street, civicam: Callable[..., Any]) -> None:
    code, said = _at_a_terminal([*street.options, "--model", "centernet"], answer="n")

    assert code == 1
    assert "3 (0.00 h of footage) in 2 batches" in said
    assert "USD 0.0" in said
    run = re.findall(r"civicam replay resume ([\w-]+)", said)[0]
    assert civicam("show", run)["state"] == "planned"


def test_ctrl_c_ends_the_showing_and_not_the_replay(
    whole: WholeCity, street: Street, civicam: Callable[..., Any]
) -> None:
    code, said = _at_a_terminal([*street.options, "--model", "centernet"], answer="y", interrupt=True)

    assert code == 0
    run = re.findall(r"civicam replay show ([\w-]+)", said)[0]
    whole.wait_until(lambda: civicam("show", run)["state"] == "finished")


def _at_a_terminal(arguments: list[str], *, answer: str, interrupt: bool = False) -> tuple[int, str]:
    """What `civicam replay` says to somebody who answers its question so; the exit code first."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from civicam_cli.main import app; app()", "replay", *arguments]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    said = ""
    with suppress(OSError):  # Linux tells so that the other end is closed
        while part := os.read(ours, 4096).decode():
            said += part
            if "Start it?" in part:
                os.write(ours, f"{answer}\n".encode())
            if "0/2" in part and interrupt:
                interrupt = False
                process.send_signal(signal.SIGINT)
    os.close(ours)
    return process.wait(30), said


def _crossings(judgement: Judgement) -> list[Any]:
    return [one for event in judgement.facts for one in getattr(event.data, "crossings", ())]
