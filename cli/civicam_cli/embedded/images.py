"""Container images as commands: a task of ours runs here as the process that its Dockerfile would start."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from civicam.contracts.errors import Rejected
from civicam_cli.places import ROOT

CONTAINERS = ROOT / "containers"
_IMAGE = re.compile(r"(?:^|/)civicam/(?P<word>[a-z_]+)/(?P<name>[a-z_]+)(?:[:@].*)?$")
_INSTRUCTION = re.compile(r"^(ENTRYPOINT|CMD)\s+(\[.*\])\s*$", re.MULTILINE)


def command_of(image: str, command: Sequence[str] = (), containers: Path = CONTAINERS) -> list[str]:
    """The command line of civicam/<word>/<name>: ENTRYPOINT and CMD of its Dockerfile, our interpreter for `python`.

    `command` stands in for CMD, as in a task definition. Raises Rejected for an image that is not ours.
    """
    match = _IMAGE.search(image)
    dockerfile = containers / match["word"] / match["name"] / "Dockerfile" if match else None
    if dockerfile is None or not dockerfile.is_file():
        raise Rejected(
            "unknown_image", f"image {image} cannot run as a process: no containers/<word>/<name>/Dockerfile is its own"
        )
    said = {name: json.loads(arguments) for name, arguments in _INSTRUCTION.findall(dockerfile.read_text())}
    line = [*said.get("ENTRYPOINT", []), *(command or said.get("CMD", []))]
    if not line:
        raise Rejected("unknown_image", f"{dockerfile} has neither ENTRYPOINT nor CMD in JSON form: nothing to run")
    return [sys.executable if line[0] in {"python", "python3"} else line[0], *line[1:]]
