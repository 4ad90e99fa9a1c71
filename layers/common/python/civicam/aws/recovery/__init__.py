"""The city rebuilt from S3 after tables, queues or a whole Region's state were lost.

S3 holds what was confirmed: registry versions, footage and the lake's files. All else follows from these, step by step,
in the order in which one step needs the other. A step changes what is missing and nothing else, so it may be repeated
and stopped anywhere. What was under way at the moment of the loss is told again; whoever hears it takes each fact once.
"""

from collections.abc import Callable, Iterator

from civicam.aws.recovery.alerts import restore_alerts
from civicam.aws.recovery.city import City, Restored, Scope
from civicam.aws.recovery.clips import reject_quarantined, restore_clips
from civicam.aws.recovery.facts import read_judged, tell_facts_again
from civicam.aws.recovery.registries import restore_cameras, restore_owners, restore_rules
from civicam.aws.recovery.tables import recover_tables

__all__ = ["City", "Restored", "Scope", "recover"]


def recover(city: City, scope: Scope, begin: Callable[[str], None] = lambda _: None) -> Iterator[Restored]:
    """Recover step by step; `begin` hears each step's name before it is done, and what it did is yielded after.

    Raises Unavailable where a table of the lake has a live writer that does not let go of it.
    """
    begin("tables of the lake")
    yield _tables(city, scope)
    begin("owners")
    yield restore_owners(city, scope)
    begin("cameras")
    yield restore_cameras(city, scope)
    begin("rules")
    yield restore_rules(city, scope)
    begin("facts")
    judged = read_judged(city.lake, scope.since)
    yield tell_facts_again(city, scope, judged)
    begin("clips")
    yield restore_clips(city, scope, judged)
    begin("quarantine")
    yield reject_quarantined(city, scope)
    begin("alerts")
    yield restore_alerts(city, scope)


def _tables(city: City, scope: Scope) -> Restored:
    done = list(recover_tables(city.lake, dry_run=scope.dry_run))
    unreadable = ", ".join(table.table for table in done if table.action == "unreadable")
    note = f"unreadable: {unreadable}" if unreadable else ""
    return Restored("tables of the lake", len(done), sum(table.changed for table in done), note)
