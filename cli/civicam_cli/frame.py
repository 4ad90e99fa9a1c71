"""The frame of the command line: commands are listed from a table, and their code is imported when they are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group


@dataclass(frozen=True)
class Entry:
    """One command: where its code is, and its line in the help."""

    target: str
    """`module:name` below civicam_cli; the name is a Typer app with commands of its own, or the command's function."""
    help: str
    panel: str

    def load(self, name: str) -> Any:
        """The command itself."""
        module, _, attribute = self.target.partition(":")
        found = getattr(import_module(f"civicam_cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            command: Any = get_group(found)
        else:
            single = typer.Typer(add_completion=False)
            single.command(name)(found)
            command = get_command(single)
        command.name = name
        return command


class LateGroup(TyperGroup):
    """A group whose commands come from a table; listing them imports nothing, so that `--help` is quick."""

    entries: Mapping[str, Entry] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """Every name, in the table's order."""
        del ctx
        return [*self.entries]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command as the help shows it."""
        del ctx
        entry = self.entries.get(cmd_name)
        return TyperCommand(cmd_name, help=entry.help, rich_help_panel=entry.panel) if entry else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command as it is run."""
        self.commands = {known: self.get_command(ctx, known) for known in self.entries}  # read for "did you mean"
        name, shown, rest = super().resolve_command(ctx, args)
        return name, self.entries[name].load(name) if shown and name else shown, rest
