"""Alerts as facts: what the bus hears when an alert is raised or taken."""

from civicam.contracts.ids import digest
from civicam.contracts.watch import Alert, AlertAcknowledged, AlertRaised, AlertState


def raised(alert: Alert) -> AlertRaised:
    """The fact that an alert stands open; its id is the alert's."""
    return AlertRaised(fact_id=alert.alert_id, camera_id=alert.camera_id, alert=alert)


def acknowledged(alert: Alert) -> AlertAcknowledged:
    """The fact that somebody took the alert: once an alert, however often it is told."""
    return AlertAcknowledged(fact_id=digest("acknowledged", alert.alert_id), camera_id=alert.camera_id, alert=alert)


def change(before: Alert | None, after: Alert | None) -> AlertRaised | AlertAcknowledged | None:
    """What a change of the stored alert means; None where it means nothing to anybody else.

    An alert that comes back acknowledged (restored after a loss) was told before: it calls nobody.
    """
    if after is None:
        return None
    states = (before.state if before else None, after.state)
    if states == (None, AlertState.NEW):
        return raised(after)
    return acknowledged(after) if states == (AlertState.NEW, AlertState.ACKNOWLEDGED) else None
