"""The laptop's cloud assembly: synthesised once for each state of the stacks' sources, kept under var/."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from civicam_cli.embedded.cdk import Said, run_cdk
from civicam_cli.embedded.city import alone, read_json, write_json
from civicam_cli.embedded.fingerprint import Fingerprint
from civicam_cli.places import LAPTOP, VAR

SYNTH_SECONDS: Final = 180
KEPT = 5
"""Assemblies that are kept, newest first: going back to a branch costs no synthesis."""
Template = dict[str, Any]


@dataclass(frozen=True)
class Assembly:
    """A folder as `cdk synth` leaves it, and the fingerprint of its sources beside it."""

    folder: Path

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """What it was synthesised from."""
        return Fingerprint.read(read_json(_print_of(self.folder)))

    @cached_property
    def templates(self) -> dict[str, Template]:
        """Stack name -> template, in the order of the assembly."""
        artifacts = read_json(self.folder / "manifest.json")["artifacts"]
        stacks = {name: one for name, one in artifacts.items() if one["type"] == "aws:cloudformation:stack"}
        return {
            one["properties"].get("stackName", name): json.loads(
                (self.folder / one["properties"]["templateFile"]).read_text()
            )
            for name, one in stacks.items()
        }

    def resources(self, resource_type: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Stack name, logical id and resource of every resource of a type."""
        for stack, template in self.templates.items():
            for logical_id, resource in template["Resources"].items():
                if resource["Type"] == resource_type:
                    yield stack, logical_id, resource


def assembly_for(fingerprint: Fingerprint, *, say: Said, kept: Path = VAR / "assemblies") -> Assembly:
    """The assembly of these sources: the kept one, or synthesised now (15 s); raises Unavailable when that fails."""
    folder = kept / fingerprint.stacks[:16]
    with alone(kept / "lock"):
        if not _print_of(folder).exists():
            say("synthesising the stacks")
            shutil.rmtree(folder, ignore_errors=True)
            command = ["synth", "--all", "--quiet", "--output", str(folder), "--context", f"environment={LAPTOP}"]
            run_cdk(command, seconds=SYNTH_SECONDS, say=lambda _: None)
            write_json(_print_of(folder), fingerprint.document())
        _print_of(folder).touch()
        _forget_old(kept)
    return Assembly(folder)


def _print_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def _forget_old(kept: Path) -> None:
    for old in sorted(kept.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(old.with_suffix(""), ignore_errors=True)
        old.unlink(missing_ok=True)
