"""/v1/alerts: what calls for attention in the caller's units or at its cameras, and taking it."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Depends
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import Field

from civicam.aws.alerts import Alerts
from civicam.contracts import base
from civicam.contracts.errors import NotFound
from civicam.contracts.watch import Alert, AlertState
from civicam.operations.caller import Caller
from civicam.operations.paging import next_link, read_cursor
from civicam.operations.policy import Action
from functions.operations.api.access import alert_of, may
from functions.operations.api.answers import AlertPage, answers
from functions.operations.api.routing import AlertPath, Cursor, Limit, Resource

resource = Resource("alerts")
Reader = Annotated[Caller, Depends(may(Action.READ_ALERTS))]
Taker = Annotated[Caller, Depends(may(Action.ACKNOWLEDGE_ALERTS))]


class Acknowledgement(base.Body):
    """What the person who takes an alert has to say."""

    note: str | None = Field(default=None, min_length=1, max_length=2000)


@resource.get("/v1/alerts", answers(400, 404, ok=(AlertPage, "A page of alerts")))
def list_alerts(
    caller: Reader,
    unit: Annotated[str | None, Query(min_length=1, max_length=63, description="Only this unit's")] = None,
    state: Annotated[AlertState | None, Query(description="Only those that stand so")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AlertPage:
    """Alerts of the caller's units, or of its own cameras, newest first."""
    if unit is not None and unit not in caller.units:
        raise NotFound(f"there is no unit {unit}")
    query = {name: value for name, value in (("unit", unit), ("state", state)) if value is not None}
    units, owners = ([unit], []) if unit is not None else (sorted(caller.units), sorted(caller.owners))
    page = Alerts.from_env().by_units(units, owners, state=state, cursor=read_cursor(query, cursor), limit=limit)
    return AlertPage(items=page.items, next=next_link("/v1/alerts", query, limit, page.cursor))


@resource.get("/v1/alerts/<alert_id>", answers(404, ok=(Alert, "The alert")))
def get_alert(caller: Reader, alert_id: AlertPath) -> Alert:
    """One alert as it stands now."""
    return alert_of(caller, alert_id)


@resource.post("/v1/alerts/<alert_id>/acknowledge", answers(404, 409, 415, ok=(Alert, "The alert, taken")))
def acknowledge_alert(
    caller: Taker, alert_id: AlertPath, acknowledgement: Annotated[Acknowledgement | None, Body()] = None
) -> Alert:
    """Take a new alert: the first person gets it, and gets the same answer again; anybody else a conflict."""
    alert_of(caller, alert_id)
    note = acknowledgement.note if acknowledgement else None
    return Alerts.from_env().acknowledge(alert_id, by=caller.subject, note=note, at=base.now())
