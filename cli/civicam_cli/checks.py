"""What a check says: a line with its outcome and, where something is amiss, the remedy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console
from rich.markup import escape


class Outcome(StrEnum):
    """How much it matters."""

    OK = "ok"
    WARN = "warn"
    """The city runs; something in it will not, or not well."""
    FAIL = "fail"
    """The city cannot run, or cannot be deployed."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    outcome: Outcome
    what: str
    remedy: str = ""


Check = Callable[[], Finding]
_STYLES = {Outcome.OK: "green", Outcome.WARN: "yellow", Outcome.FAIL: "red"}


def ok(what: str) -> Finding:
    """All is well."""
    return Finding(Outcome.OK, what)


def judged(good: bool, what: str, remedy: str, otherwise: Outcome = Outcome.FAIL) -> Finding:
    """Well, or not with what to do."""
    return ok(what) if good else Finding(otherwise, what, remedy)


def show(findings: Sequence[Finding]) -> bool:
    """Print a line for each; returns whether none failed."""
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        remedy = f"  -> {escape(finding.remedy)}" if finding.remedy else ""
        style = _STYLES[finding.outcome]
        console.print(f"[{style}]{finding.outcome:4}[/{style}]  {escape(finding.what)}{remedy}")
    return all(finding.outcome is not Outcome.FAIL for finding in findings)
