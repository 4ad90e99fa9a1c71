"""Nothing of what the city does is told to a library's maker."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
LOAD = """
from civicam.runtime import detector
import onnxruntime
onnxruntime.InferenceSession("models/packaged/centernet_mobilenetv3_512.onnx")
from civicam.runtime import openvino_network
"""


def test_loading_a_model_leaves_no_device_id_and_no_queue_of_reports(tmp_path: Path, checkout: Path) -> None:
    """onnxruntime keeps both under the home folder as soon as it is imported, unless it was told not to."""
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", LOAD], cwd=checkout, env=environment, check=True, timeout=60)

    assert list(tmp_path.rglob("*")) == []


def test_the_package_by_which_openvino_reports_is_not_installed() -> None:
    assert find_spec("openvino") is not None
    assert find_spec("openvino_telemetry") is None
