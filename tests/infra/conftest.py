"""The synthesized cities, once a session each."""

from pathlib import Path

import pytest

from infra.app import synthesize
from infra.assembly import Assembly
from infra.layers import NAMES, Layer
from infra.settings import LAPTOP, PRODUCTION


@pytest.fixture(scope="session")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """What the embedded AWS gets."""
    return Assembly(synthesize(LAPTOP, tmp_path_factory.mktemp("laptop"), check=False))


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """What an account gets, with its layers, after cdk-nag has looked at it (a finding ends the synthesis)."""
    for name in NAMES:
        Layer(name, PRODUCTION.python).build()
    return Assembly(synthesize(PRODUCTION, tmp_path_factory.mktemp("production")))


@pytest.fixture(scope="session")
def layers_here() -> dict[str, Path]:
    """Each layer resolved from the same lock for the Python that runs the tests."""
    return {name: Layer(name, None).build() / "python" for name in NAMES}
