"""A rule and a fact -> an alert, or nothing.

What is settled here: only live facts raise alerts (a replay's never do). A later revision of a fact that falls below
the threshold, or withdraws an incident, takes nothing back, for somebody may already be on their way. Stretches of
cool-down are cut on a grid since the epoch, so two alerts of one rule may stand closer together than the cool-down, one
on each side of a cut. An incident is one alert, in whichever clips and revisions its beginning is told.
"""

from datetime import datetime
from typing import get_args

from civicam.contracts.ids import LIVE, digest
from civicam.contracts.incidents import IncidentSuspected
from civicam.contracts.vision import CrowdMeasured, VehiclesCounted
from civicam.contracts.watch import Alert, Condition, Incident, LineCount, Rule, ZoneCount

Countable = VehiclesCounted | CrowdMeasured | IncidentSuspected
"""The facts that a rule may ask about."""
COUNTABLE: tuple[type[Countable], ...] = get_args(Countable)


def evaluate(
    rule: Rule, fact: Countable, *, unit_id: str, raised_at: datetime, owner_id: str | None = None
) -> Alert | None:
    """The alert that the rule makes of the fact; None where it is not met or does not speak about this fact.

    Facts of one camera within the same stretch of cool-down, or about one incident, give the same `alert_id`: whoever
    stores it first, by one conditional write, has raised it.
    """
    value = _measure(rule.condition, fact)
    if fact.run != LIVE or fact.camera_id != rule.camera_id or value is None or value < rule.condition.at_least:
        return None
    return Alert(
        alert_id=alert_id(rule, fact),
        rule_id=rule.rule_id,
        rule_version=rule.version,
        title=rule.title,
        severity=rule.severity,
        camera_id=fact.camera_id,
        unit_id=unit_id,
        owner_id=owner_id,
        fact_id=fact.fact_id,
        fact_type=fact.TYPE,
        value=value,
        at_least=rule.condition.at_least,
        capture_start=fact.capture_start,
        capture_end=fact.capture_end,
        raised_at=raised_at,
        incident_id=fact.incident_id if isinstance(fact, IncidentSuspected) else None,
    )


def alert_id(rule: Rule, fact: Countable) -> str:
    """One id for a rule, its camera and a stretch of capture time as long as the rule's cool-down; or an incident."""
    if isinstance(fact, IncidentSuspected):
        return digest("alert", rule.rule_id, rule.camera_id, "incident", fact.incident_id)
    stretch = int(fact.capture_start.timestamp() // rule.cooldown_seconds)
    return digest("alert", rule.rule_id, rule.camera_id, str(stretch))


def _measure(condition: Condition, fact: Countable) -> int | None:
    if isinstance(condition, LineCount) and isinstance(fact, VehiclesCounted):
        return _crossed(condition, fact)
    if isinstance(condition, ZoneCount) and isinstance(fact, CrowdMeasured):
        return max((zone.people_max for zone in fact.zones if zone.zone_id == condition.zone_id), default=None)
    if isinstance(condition, Incident) and isinstance(fact, IncidentSuspected):
        return _suspected(condition, fact)
    return None


def _suspected(condition: Incident, fact: IncidentSuspected) -> int | None:
    """Hundredths of confidence in an incident that begins."""
    if fact.phase != "begun" or (condition.rules and fact.rule not in condition.rules):
        return None
    return round(100 * fact.confidence)


def _crossed(condition: LineCount, fact: VehiclesCounted) -> int:
    return sum(
        crossing.count
        for crossing in fact.crossings
        if crossing.line_id == condition.line_id
        and condition.direction in (None, crossing.direction)
        and (not condition.labels or crossing.label in condition.labels)
    )
