"""Cities for tests: each in a folder of its own, ended when its test is, whatever became of it."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import av
import psutil
import pytest

from civicam.aws.allocations import Allocations, Wishes
from civicam.aws.models import ModelStore
from civicam.contracts.allocation import Budget
from civicam.operations.policy import Role
from civicam_cli.api import make_token
from civicam_cli.city.footage import Finder, catalogue
from civicam_cli.demo.tap import open_tap
from civicam_cli.deployment import Deployment, embedded_deployment
from civicam_cli.embedded import emulator, life
from civicam_cli.embedded.aws import client
from civicam_cli.embedded.city import City
from civicam_cli.models import floors, publish_models
from tests.city.making import BARE, WITH_IMAGES
from tests.city.whole import WholeCity, speaking_to
from tests.fakes import footage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks back on all flow tests comes after them."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


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


@pytest.fixture(scope="session")
def whole(city: City, deployment: Deployment) -> Iterator[WholeCity]:
    """The whole city with its models in place, and an ear on its bus; this process speaks to it from now on."""
    with speaking_to(deployment):
        publish_models(ModelStore.from_env(), floors())
        Allocations.from_env().wish(Wishes(budget=Budget(cameras=1000)), 0)
        with open_tap(deployment.outputs["BusName"]) as tap:
            yield WholeCity(deployment, tap)


@pytest.fixture(scope="session")
def junction() -> Path:
    """Two seconds of a junction with a car passing, from a package: at hand on every machine."""
    return next(Finder().path(clip) for clip in catalogue() if clip.name == "junction")


@pytest.fixture(scope="session")
def junction_in_two(junction: Path) -> tuple[bytes, bytes]:
    """The junction's footage cut after its first second."""
    with av.open(str(junction)) as opened:
        pictures = [frame.to_ndarray(format="rgb24").astype("uint8") for frame in opened.decode(video=0)]
    return footage.clip(pictures[:25], fps=25), footage.clip(pictures[25:], fps=25)


@pytest.fixture
def out_of_order(aws: Callable[[str], Any], deployment: Deployment) -> Callable[[str], AbstractContextManager[None]]:
    """Keeps a function from being called: what a quota, a bad deployment or an outage does."""

    @contextmanager
    def keep_from(name: str) -> Iterator[None]:
        function, functions = f"civicam-{deployment.environment}-{name}", aws("lambda")
        reserved = functions.get_function_concurrency(FunctionName=function)["ReservedConcurrentExecutions"]
        functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=reserved)

    return keep_from


@pytest.fixture
def expired_token(aws: Callable[[str], Any], whole: WholeCity) -> str:
    """A token that was good for a second, three seconds ago."""
    pool, client_id = whole.deployment.outputs["UserPoolId"], whole.deployment.outputs["UserPoolClientId"]
    cognito = aws("cognito-idp")
    before = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client_id)["UserPoolClient"]
    same = {"UserPoolId": pool, "ClientId": client_id, "ExplicitAuthFlows": before["ExplicitAuthFlows"]}
    cognito.update_user_pool_client(**same, AccessTokenValidity=1, TokenValidityUnits={"AccessToken": "seconds"})
    token = make_token(whole.deployment, Role.OPERATOR, ["ward-sai-gon"])
    kept = {name: before[name] for name in ("AccessTokenValidity", "TokenValidityUnits") if name in before}
    cognito.update_user_pool_client(**same, **kept)
    time.sleep(3)
    return token
