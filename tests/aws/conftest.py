"""A city that is deployed to an account: the one of CIVICAM_ENVIRONMENT."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from civicam_cli.city.footage import Finder, catalogue
from civicam_cli.demo.tap import open_tap
from civicam_cli.deployment import use_deployment
from tests.city.whole import WholeCity


@pytest.fixture(scope="session")
def whole() -> Iterator[WholeCity]:
    """The deployed city, with an ear on its bus."""
    deployment = use_deployment()
    with open_tap(deployment.outputs["BusName"]) as tap:
        yield WholeCity(deployment, tap)


@pytest.fixture(scope="session")
def junction() -> Path:
    """Two seconds of a junction with a car passing."""
    return next(Finder().path(clip) for clip in catalogue() if clip.name == "junction")
