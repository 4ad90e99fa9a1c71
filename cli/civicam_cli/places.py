"""Where things lie on this machine: the checkout, and the folder of one embedded city."""

import os
from pathlib import Path
from typing import Final

LAPTOP: Final = "laptop"
"""The environment that is deployed to the AWS inside this machine."""

ROOT = Path(__file__).resolve().parents[2]
"""The checkout that this command runs from (the package is installed editable)."""
VAR = ROOT / "var"
"""Everything that was made and can be made again."""


def home() -> Path:
    """The folder of the embedded city: CIVICAM_HOME, else var/city. Two folders are two cities, side by side."""
    return Path(os.environ.get("CIVICAM_HOME") or VAR / "city").resolve()


def environment() -> str:
    """Which settings of infra/settings.py are meant: CIVICAM_ENVIRONMENT, else the laptop's."""
    return os.environ.get("CIVICAM_ENVIRONMENT") or LAPTOP


def account_environment() -> str:
    """The environment that is meant where an AWS account is: CIVICAM_ENVIRONMENT, else staging."""
    wanted = environment()
    return "staging" if wanted == LAPTOP else wanted
