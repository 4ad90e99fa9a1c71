"""Alerts: the table from the lake's facts, and alerts of the table that the lake never heard of, told again."""

from collections.abc import Iterator

from civicam.aws.lake_reading import read_rows
from civicam.aws.recovery.city import City, Restored, Scope
from civicam.contracts.errors import Conflict, NotFound
from civicam.contracts.facts import CloudEvent
from civicam.contracts.watch import Alert, AlertAcknowledged, AlertRaised, AlertState
from civicam.lake.schemas import TABLES
from civicam.watch.facts import acknowledged, raised


def restore_alerts(city: City, scope: Scope) -> Restored:
    """Put back every alert as the lake last heard of it; an open one that was gone is told to operators once more."""
    alerts, told = _heard(city, scope)
    repaired = sum(_restore(city, alert, dry_run=scope.dry_run) for alert in alerts.values())
    silent = [fact for alert in _standing(city, scope) for fact in _facts(alert) if fact.fact_id not in told]
    if not scope.dry_run:
        city.intake.bus.publish([CloudEvent.of(fact) for fact in silent])
    return Restored("alerts", len(alerts), repaired + len(silent))


def _heard(city: City, scope: Scope) -> tuple[dict[str, Alert], set[str]]:
    """Alerts by id as the lake last heard of them, and the ids of the facts that it heard."""
    alerts: dict[str, Alert] = {}
    told: set[str] = set()
    for kind in (AlertRaised, AlertAcknowledged):
        for row in read_rows(city.lake, TABLES[kind.TYPE], ("fact_id", "alert"), scope.since):
            alert = Alert.model_validate(row["alert"])
            alerts[alert.alert_id] = alert
            told.add(row["fact_id"])
    return alerts, told


def _restore(city: City, alert: Alert, *, dry_run: bool) -> bool:
    """Put the alert where it is gone, take it where the table does not know that it was taken."""
    try:
        standing = city.alerts.get(alert.alert_id)
    except NotFound:
        return dry_run or city.alerts.raise_once(alert)
    if standing.state is alert.state or alert.state is AlertState.NEW:
        return False
    if not dry_run:
        _take(city, alert)
    return True


def _take(city: City, alert: Alert) -> None:
    if alert.acknowledged_by is None or alert.acknowledged_at is None:
        return
    try:
        city.alerts.acknowledge(alert.alert_id, by=alert.acknowledged_by, note=alert.note, at=alert.acknowledged_at)
    except Conflict:  # somebody took it meanwhile
        return


def _standing(city: City, scope: Scope) -> Iterator[Alert]:
    """Every alert in the table that is settled, unit by unit."""
    units = {camera.unit_id for camera in city.registry.all()}
    cursor = None
    while units:
        page = city.alerts.by_units(units, cursor=cursor, limit=500)
        yield from (
            alert for alert in page.items if scope.since <= alert.capture_start and alert.raised_at < scope.settled
        )
        if (cursor := page.cursor) is None:
            return


def _facts(alert: Alert) -> list[AlertRaised | AlertAcknowledged]:
    """The facts that the alert's life has come to."""
    return [raised(alert)] + ([acknowledged(alert)] if alert.state is AlertState.ACKNOWLEDGED else [])
