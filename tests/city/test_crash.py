"""The emulator killed with -9 while clips are under way: nothing confirmed is lost, nothing is counted twice."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from civicam.aws.registry import Registry
from civicam.contracts.base import now
from civicam.contracts.vision import CrowdMeasured, FacesSeen, VehiclesCounted
from civicam.runtime.segmenting import stamped
from civicam_cli.deployment import embedded_deployment
from civicam_cli.embedded.city import City
from tests.city.making import kill
from tests.city.whole import WholeCity, speaking_to

pytestmark = pytest.mark.flow

KINDS = (VehiclesCounted, CrowdMeasured, FacesSeen)


def test_killed_while_clips_are_under_way_it_loses_none_of_them(a_city: Callable[..., City], junction: Path) -> None:
    city = a_city("killed")
    _up(city)
    with speaking_to(embedded_deployment(city.folder)) as deployment:
        whole = WholeCity(deployment)
        camera, start = whole.camera("survivor"), now() - timedelta(minutes=5)
        moments = [start + timedelta(seconds=10 * number) for number in range(4)]
        clips = {
            whole.deliver(camera, stamped(junction.read_bytes(), camera.camera_id, moment), moment, 2.0)
            for moment in moments
        }
        whole.wait_until(lambda: whole.rows(FacesSeen, f"camera_id = '{camera.camera_id}'"))
        kill(city)

    _up(city)
    with speaking_to(embedded_deployment(city.folder)) as deployment:
        whole = WholeCity(deployment)
        assert Registry.from_env().camera(camera.camera_id) == camera
        for kind in KINDS:
            rows = whole.wait_for_rows(kind, f"camera_id = '{camera.camera_id}' AND revision = 0", len(clips))
            assert {row["clip_id"] for row in rows} == clips


def _up(city: City) -> None:
    line = [
        sys.executable,
        "-c",
        "from civicam_cli.main import app; app()",
        "--city",
        str(city.folder),
        "up",
        "--quiet",
    ]
    ended = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stderr
