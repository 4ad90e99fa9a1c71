"""Where the emulator differs from AWS in what the city relies on: a module for each difference.

The seams are private parts of one version of ministack. `check_version` refuses any other: whoever raises the pin looks
at every module here, and tests/city/test_fidelity.py probes a bare ministack and says which are still needed.
"""

from importlib.metadata import version

from civicam.contracts.errors import Inconsistent

MINISTACK = "1.5.33"
"""The version whose seams these modules know."""


def check_version() -> None:
    """Raise Inconsistent where another version of ministack is installed."""
    installed = version("ministack")
    if installed != MINISTACK:
        raise Inconsistent(
            f"ministack {installed} is installed, but civicam_cli.embedded.fidelity knows {MINISTACK}: run `make setup`"
        )
