"""A city for the benchmark alone: in a folder of its own, gone when it is done."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from civicam.aws import clients
from civicam_cli.deployment import Deployment, use_deployment
from civicam_cli.embedded import life
from civicam_cli.embedded.city import City
from civicam_cli.places import VAR
from civicam_cli.running import start_city

FOLDER = VAR / "bench" / "city"


@contextmanager
def own_city() -> Iterator[Deployment]:
    """A city that this process speaks to until the block ends; the caller's city is the caller's again then."""
    before = dict(os.environ)
    os.environ["CIVICAM_HOME"] = str(FOLDER)
    clients.forget()
    try:
        start_city()
        yield use_deployment()
    finally:
        life.bring_down(City(FOLDER))
        os.environ.clear()
        os.environ.update(before)
        clients.forget()
        shutil.rmtree(FOLDER, ignore_errors=True)
