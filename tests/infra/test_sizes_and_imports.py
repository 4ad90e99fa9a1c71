"""What lies in a function: small enough for Lambda, and neither less nor more than it imports."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from infra import ROOT
from infra.assembly import Assembly, Resource
from infra.layers import NAMES, RUNTIME_BRINGS, Layer
from infra.settings import PRODUCTION

pytestmark = pytest.mark.infra

MOST_BYTES = 240_000_000
"""Lambda takes 250 MB, unpacked, with all layers."""
FUNCTIONS = sorted(
    path.parent.relative_to(ROOT / "functions").as_posix() for path in ROOT.glob("functions/*/*/handler.py")
)
BESIDES_THE_HANDLER = {"vision/look_at_clip": ["civicam.runtime.sandbox_helper"]}
"""Modules that a function runs in a process of its own."""
SITE = Path(boto3.__file__).parent.parent
PROBE = """
import importlib, json, sys
sys.path[:0] = json.loads(sys.argv[1])
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
print(json.dumps([module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)]))
"""


def functions_of(city: Assembly) -> Iterator[Resource]:
    return (resource for resource in city.resources("AWS::Lambda::Function"))


def path_of(function: Resource) -> str:
    return "/".join(function.properties["Handler"].split(".")[1:3])


def folder_of(city: Assembly, stack: str, code: dict[str, str]) -> Path:
    """The folder that is zipped for an asset."""
    asset = json.loads((city.folder / f"{stack}.assets.json").read_text())["files"][code["S3Key"].removesuffix(".zip")]
    return city.folder / str(asset["source"]["path"])


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def layers_of(city: Assembly, function: Resource) -> dict[str, Resource]:
    found = (city.led_to(function.stack, layer) for layer in function.properties.get("Layers", []))
    return {layer.name.removeprefix("Layer").lower(): layer for layer in found if layer}


def test_every_folder_with_a_handler_is_deployed(production: Assembly) -> None:
    assert sorted(map(path_of, functions_of(production))) == FUNCTIONS


def test_every_function_fits_with_all_its_layers(production: Assembly) -> None:
    for function in functions_of(production):
        total = size(folder_of(production, function.stack, function.properties["Code"]))
        for layer in layers_of(production, function).values():
            total += size(folder_of(production, layer.stack, layer.properties["Content"]))
        assert total < MOST_BYTES, f"{path_of(function)}: {total / 1e6:.0f} MB"


def test_a_zip_holds_its_own_folder_alone(laptop: Assembly) -> None:
    for function in functions_of(laptop):
        folder = folder_of(laptop, function.stack, function.properties["Code"])
        held = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        source = ROOT / "functions" / path_of(function)
        kept = (path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        assert held == sorted(path.relative_to(ROOT).as_posix() for path in kept)


def test_no_layer_repeats_what_the_runtime_brings() -> None:
    for name in NAMES:
        held = {path.name for path in (Layer(name, None).build() / "python").iterdir()}
        assert not held & {"boto3", "botocore", "s3transfer", "dateutil", "urllib3", "jmespath"}, name


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what Lambda's runtime brings, and nothing else of this environment."""
    folder = tmp_path_factory.mktemp("runtime")
    modules = {"python-dateutil": "dateutil", "six": "six.py"}
    for name in RUNTIME_BRINGS:
        module = modules.get(name, name)
        (folder / module).symlink_to(SITE / module)
    return folder


@pytest.mark.parametrize("path", FUNCTIONS)
def test_a_handler_needs_its_layers_and_nothing_else(
    path: str, production: Assembly, layers_here: dict[str, Path], runtime: Path
) -> None:
    [function] = (function for function in functions_of(production) if path_of(function) == path)
    code = folder_of(production, function.stack, function.properties["Code"])
    attached = {name: layers_here[name] for name in layers_of(production, function)}
    modules = [f"functions.{path.replace('/', '.')}.handler", *BESIDES_THE_HANDLER.get(path, [])]
    places = [str(place) for place in (code, *attached.values(), runtime)]
    probe = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROBE, json.dumps(places), json.dumps(modules)],
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_DEFAULT_REGION": PRODUCTION.region, "PATH": os.environ["PATH"], "AWS_XRAY_SDK_ENABLED": "false"},
    )
    assert probe.returncode == 0, probe.stderr
    loaded = json.loads(probe.stdout.splitlines()[-1])
    for name, folder in attached.items():
        assert any(file.startswith(str(folder)) for file in loaded), f"layer {name} is attached for nothing"
