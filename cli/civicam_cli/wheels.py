"""Files inside packages that `make setup` unpacks: models and footage for a machine that reaches registries alone."""

from pathlib import Path

from civicam.contracts.errors import NotFound
from civicam_cli.places import VAR


def wheel_file(package: str, path: str, unpacked: Path = VAR / "wheels") -> Path:
    """Where a package's file lies, without importing the package; raises NotFound, naming the remedy."""
    file = unpacked / path
    if not file.is_file():
        raise NotFound(f"{path} of package {package} is not unpacked here: run `make setup`")
    return file
