"""Cities for tests: each in a folder of its own, ended when its test is, whatever became of it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from civicam_cli.deployment import Deployment, embedded_deployment
from civicam_cli.embedded import emulator, life
from civicam_cli.embedded.aws import client
from civicam_cli.embedded.city import City
from tests.city.making import BARE, WITH_IMAGES


def end(city: City) -> None:
    """End all of it."""
    for process in city.processes():
        process.kill()
    psutil.wait_procs(city.processes(), 5)


@pytest.fixture
def a_city(tmp_path: Path) -> Iterator[Callable[[str], City]]:
    """Makes cities by name, not started."""
    made: list[City] = []

    def make(name: str = "city") -> City:
        made.append(City(tmp_path / name))
        return made[-1]

    yield make
    for city in made:
        end(city)


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """An emulator as the city runs it, with the images of the tests and nothing deployed."""
    city = City(tmp_path_factory.mktemp("emulated"))
    emulator.start(city, WITH_IMAGES)
    yield city
    end(city)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The same ministack without anything of ours in it."""
    city = City(tmp_path_factory.mktemp("bare"))
    emulator.start(city, BARE)
    yield city
    end(city)


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The whole city, deployed from this checkout, IAM enforced. Its assembly is kept under var/ by its fingerprint."""
    whole = City(tmp_path_factory.mktemp("city"))
    life.bring_up(whole, print)
    yield whole
    end(whole)


@pytest.fixture(scope="session")
def deployment(city: City) -> Deployment:
    """Where it is, and its outputs."""
    return embedded_deployment(city.folder)


@pytest.fixture
def city_env(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment in which adapters and commands speak to the whole city; set for the test."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    variables = deployment.env()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture(scope="session")
def aws(city: City) -> Callable[[str], Any]:
    """Clients of the whole city with the administrator's rights, by service."""
    return lambda service: client(city, service)
