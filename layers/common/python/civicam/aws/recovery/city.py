"""What a recovery reads and writes, how far it looks, and what each step of it says."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from civicam.aws.alerts import Alerts
from civicam.aws.environment import setting
from civicam.aws.intake import Intake
from civicam.aws.lake import Lake
from civicam.aws.owners import Owners
from civicam.aws.registry import Registry
from civicam.aws.rules import Rules


@dataclass(frozen=True)
class City:
    """The city's stores."""

    lake: Lake
    registry: Registry
    owners: Owners
    rules: Rules
    alerts: Alerts
    intake: Intake
    facts_table: str

    @classmethod
    def from_env(cls) -> Self:
        """The city that the environment names."""
        return cls(
            Lake.from_env(),
            Registry.from_env(),
            Owners.from_env(),
            Rules.writable_from_env(),
            Alerts.from_env(),
            Intake.from_env(),
            setting("FACTS_TABLE"),
        )


@dataclass(frozen=True)
class Scope:
    """How far a recovery looks."""

    settled: datetime
    """What happened later is under way and not lost: the present moment where everything stood still meanwhile."""
    since: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    """Footage and facts that were captured before are left alone."""
    dry_run: bool = False
    """Look, count, and change nothing."""


@dataclass(frozen=True)
class Restored:
    """What one step found, and how much of it had to be repaired; in a dry run, would have to be."""

    what: str
    found: int
    repaired: int
    note: str = ""
