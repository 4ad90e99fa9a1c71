"""An owner's list becomes cameras by the commands that DevOps type, on the whole city."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from civicam.aws.registry import Registry
from civicam_cli.embedded.city import City
from civicam_cli.main import program
from tests.city.whole import WholeCity

pytestmark = pytest.mark.flow
OWNER = "hospital-cho-ray"
LIST = f"""\ufeffowner_id;owner_reference;name;unit_id;longitude;latitude;template;address;legal_basis;consent_until
{OWNER};gate-1;Cổng cấp cứu;ward-cho-lon;106.6595;10.7574;axis-vapix;cam1.example.org;agreement;2099-12-31
{OWNER};yard-2;=Sân;ward-cho-lon;106.6598;10.7576;recorder;;agreement;2099-12-31
{OWNER};yard-3;Sân sau;ward-cho-lon;106,6598;10.7576;recorder;;;
"""


@pytest.fixture
def civicam(city: City, whole: WholeCity, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a command as typed; gives back its exit code and what it printed."""
    monkeypatch.setenv("CIVICAM_HOME", str(city.folder))

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(program, arguments)
        return result.exit_code, result.stdout

    return run


def test_an_owner_s_list_goes_in_once_comes_out_and_is_changed(
    civicam: Callable[..., tuple[int, str]], tmp_path: Path, whole: WholeCity
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST, encoding="utf-8")
    assert civicam("owners", "set", OWNER, "--name", "Bệnh viện Chợ Rẫy", "--kind", "hospital")[0] == 0

    code, told = civicam("cameras", "import", str(file), "--dry-run", "--json")
    assert (code, json.loads(told)["counts"]) == (1, {"added": 2, "refused": 1})
    code, told = civicam("cameras", "import", str(file), "--json")
    assert [row["outcome"] for row in json.loads(told)["rows"]] == ["added", "added", "refused"]
    assert json.loads(told)["rows"][2]["complaints"][0]["column"] == "longitude"
    code, told = civicam("cameras", "import", str(file), "--json")
    assert json.loads(told)["counts"] == {"refused": 1, "unchanged": 2}

    back = tmp_path / "back.csv"
    assert civicam("cameras", "export", "csv", "--owner", OWNER, "--to", str(back))[0] == 0
    assert "'=Sân" in back.read_text(encoding="utf-8-sig")
    assert civicam("cameras", "import", str(back))[0] == 0

    setting = ("--owner", OWNER, "--unit", "ward-cho-lon", "--set", "profile.sampling_fps=0.5")
    assert "2 changed would be" in civicam("cameras", "change", *setting, "--dry-run")[1]
    assert "2 changed" in civicam("cameras", "change", *setting)[1]
    code, told = civicam("cameras", "export", "geojson", "--owner", OWNER)
    assert {one["properties"]["profile"]["sampling_fps"] for one in json.loads(told)["features"]} == {0.5}
    (first,) = (one for one in Registry.from_env().all() if one.name == "Cổng cấp cứu")
    assert (first.version, first.model, first.changed and first.changed.by) == (2, "axis-vapix", "command-line")


def test_what_nothing_narrows_down_is_not_changed(civicam: Callable[..., tuple[int, str]]) -> None:
    assert civicam("cameras", "change", "--set", "retention=short")[0] == 1


def test_templates_are_listed_with_what_they_set(civicam: Callable[..., tuple[int, str]]) -> None:
    code, told = civicam("cameras", "templates", "--json")
    assert code == 0
    assert json.loads(told)["vehicle-recorder"]["sets"]["profile"]["mount"] == "vehicle"
    assert "axis-vapix" in civicam("cameras", "templates")[1]
