"""`civicam cameras` and `civicam owners` as people call them."""

import json
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from civicam.aws.registry import Registry
from civicam.cameras.geojson import feature
from civicam.contracts.errors import Rejected
from civicam_cli import cameras, owners
from tests.cameras.conftest import PULLED, PUSHING, camera

pytestmark = pytest.mark.unit
IN_2019 = ("--at", "2019-06-15")


@pytest.fixture(autouse=True)
def deployed(city: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The city of this test, as an account knows it: a stack says where its things are."""
    monkeypatch.setenv("CIVICAM_ENVIRONMENT", "staging")
    places = {"CamerasTable": "cameras-table", "OwnersTable": "owners-table", "RegistryBucket": "registry-bucket"}
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in places.items()},
    }
    boto3.client("cloudformation").create_stack(StackName="civicam-staging-cameras", TemplateBody=json.dumps(template))


def said(app: object, *words: str) -> str:
    done = CliRunner().invoke(app, words, env={"COLUMNS": "400"})  # type: ignore[arg-type]
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def listed(*words: str) -> list[str]:
    document = json.loads(said(cameras.app, "list", "--json", *words))
    return [one["id"] for one in document["features"]]


def test_cameras_are_found_by_the_unit_of_any_time() -> None:
    Registry.from_env().put(camera())
    Registry.from_env().put(camera(PULLED, unit_id="ward-ben-nghe-district-1"))
    for unit in ("district-1", "Quận 1", "quan 1"):
        assert listed("--unit", unit, *IN_2019) == [PUSHING, PULLED]
    for unit in ("ward-sai-gon", "Sài Gòn", "phuong sai gon"):
        assert listed("--unit", unit) == [PUSHING, PULLED]
    assert listed("--unit", "district-3", *IN_2019) == []
    assert listed() == [PUSHING, PULLED]
    with pytest.raises(Rejected, match="Atlantis"):
        listed("--unit", "Atlantis")


def test_units_are_found_by_name() -> None:
    assert "ward-ben-nghe-district-1" in said(cameras.app, "units", "bến nghé")
    assert "district-1" not in said(cameras.app, "units", "Quận 1", "--at", "2026-01-01")


def test_a_shop_agrees_first_and_every_change_is_told(tmp_path: Path) -> None:
    file, agreed = tmp_path / "cameras.geojson", {"legal_basis": "agreement", "consent_until": "2099-12-31"}

    def imported(**properties: str) -> str:
        told = feature(camera())
        told["properties"] |= properties
        file.write_text(json.dumps({"type": "FeatureCollection", "features": [told]}))
        return said(cameras.app, "import", str(file))

    assert "civicam owners set transport" in imported()
    set_owner = ("set", "transport", "--name", "Cửa hàng", "--kind", "shop")
    assert [said(owners.app, *set_owner).strip() for _ in range(2)] == ["transport: added", "transport: unchanged"]
    assert "Cửa hàng" in said(owners.app, "list")
    assert "refused" in imported()
    assert "1 added" in imported(**agreed)
    assert "1 changed" in imported(**agreed, name="Chợ")
    assert "1 unchanged" in imported(**agreed, name="Chợ")
    history = said(cameras.app, "history", PUSHING)
    assert "name: Ngã tư Nguyễn Huệ -> Chợ" in history
    assert "command-line" in history
    (_, second) = json.loads(said(cameras.app, "history", PUSHING, "--json"))
    assert [one["field"] for one in second["fields"]] == ["name"]


def test_an_owner_of_no_known_kind_is_refused() -> None:
    with pytest.raises(Rejected, match="owner_id"):
        said(owners.app, "set", "Cửa hàng", "--name", "x", "--kind", "shop")
    assert "police_post" in said(owners.app, "set", "bank", "--name", "x", "--kind", "bank")
