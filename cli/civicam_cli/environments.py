"""The environments of infra/settings.py, for commands: they do not import the CDK."""

import json
import subprocess
import sys
from typing import Any

from civicam.contracts.errors import Rejected
from civicam_cli.places import ROOT

Settings = dict[str, Any]


def environment_settings(environment: str) -> Settings:
    """One environment of infra/settings.py, read by a process of its own: this one imports none."""
    script = (
        "import json, infra.settings as s; print(json.dumps({n: e.model_dump() for n, e in s.ENVIRONMENTS.items()}))"
    )
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    known: dict[str, Settings] = json.loads(said)
    if environment not in known:
        raise Rejected("unknown_environment", f"environment {environment!r} is not one of {', '.join(known)}")
    return known[environment]
