"""The alerts table: raised once, taken once, listed newest first over several units."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from civicam.aws.alerts import Alerts, place
from civicam.contracts.errors import Conflict, NotFound, Rejected
from civicam.contracts.ids import digest
from civicam.contracts.watch import Alert, AlertState, Rule
from civicam.watch.evaluation import evaluate
from tests.fakes.facts import crossing, vehicles

pytestmark = pytest.mark.unit
RAISED = datetime(2026, 11, 24, 10, 46, tzinfo=UTC)


@pytest.fixture
def alerts(city: None) -> Alerts:
    return Alerts.from_env()


@pytest.fixture
def alert(busy_line: Rule) -> Alert:
    raised = evaluate(busy_line, vehicles(crossing(3)), unit_id="ward-1", raised_at=RAISED)
    assert raised is not None
    return raised


def many(alert: Alert, units: str) -> list[Alert]:
    """An alert for each letter, of the unit with that letter, the later the newer; two at a time in one moment."""
    return [
        alert.model_copy(
            update={
                "alert_id": digest(str(n)),
                "unit_id": f"ward-{unit}",
                "raised_at": RAISED + timedelta(seconds=n // 2),
                "state": AlertState.ACKNOWLEDGED if n % 3 == 0 else AlertState.NEW,
            }
        )
        for n, unit in enumerate(units)
    ]


def listed(alerts: Alerts, units: list[str], state: AlertState | None = None, limit: int = 4) -> list[Alert]:
    """All alerts, read page by page."""
    found, cursor = list[Alert](), None
    while True:
        page = alerts.by_units(units, state=state, cursor=cursor, limit=limit)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found
        assert len(page.items) == limit


def test_an_alert_is_raised_once(alerts: Alerts, alert: Alert) -> None:
    assert alerts.raise_once(alert)
    assert not alerts.raise_once(alert.model_copy(update={"value": 99}))
    assert alerts.get(alert.alert_id) == alert


def test_a_restored_alert_is_as_it_was_and_never_replaces_one(alerts: Alerts, alert: Alert) -> None:
    assert alerts.restore(alert)
    assert not alerts.restore(alert.model_copy(update={"value": 99}))
    assert not alerts.raise_once(alert)
    assert alerts.get(alert.alert_id) == alert
    assert alerts.acknowledge(alert.alert_id, by="anna", note=None, at=RAISED).acknowledged_by == "anna"


def test_a_taken_alert_is_not_raised_again(alerts: Alerts, alert: Alert) -> None:
    alerts.raise_once(alert)
    taken = alerts.acknowledge(alert.alert_id, by="anna", note=None, at=RAISED)
    assert not alerts.raise_once(alert)
    assert alerts.get(alert.alert_id) == taken


def test_the_first_person_takes_it_and_may_say_so_again(alerts: Alerts, alert: Alert) -> None:
    alerts.raise_once(alert)
    taken = alerts.acknowledge(alert.alert_id, by="anna", note="on my way", at=RAISED)
    assert (taken.state, taken.acknowledged_by, taken.note) == (AlertState.ACKNOWLEDGED, "anna", "on my way")
    again = alerts.acknowledge(alert.alert_id, by="anna", note="still", at=RAISED + timedelta(hours=1))
    assert again == taken
    with pytest.raises(Conflict):
        alerts.acknowledge(alert.alert_id, by="bình", note=None, at=RAISED)
    assert alerts.get(alert.alert_id) == taken


def test_what_does_not_exist_cannot_be_taken(alerts: Alerts) -> None:
    with pytest.raises(NotFound):
        alerts.acknowledge("0" * 64, by="anna", note=None, at=RAISED)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_over_several_units_give_each_alert_once_newest_first(alerts: Alerts, alert: Alert, limit: int) -> None:
    stored = many(alert, "abcaabbbaccca")
    for one in stored:
        alerts.raise_once(one)
    found = listed(alerts, ["ward-a", "ward-b"], limit=limit)
    assert sorted(found, key=place) == sorted((one for one in stored if one.unit_id != "ward-c"), key=place)
    assert all(newer.raised_at >= older.raised_at for newer, older in pairwise(found))


def test_a_list_by_state_fills_its_pages(alerts: Alerts, alert: Alert) -> None:
    for one in many(alert, "aaaaaaaaaaaa"):
        alerts.raise_once(one)
    assert len(listed(alerts, ["ward-a"], AlertState.NEW, limit=4)) == 8
    assert len(listed(alerts, ["ward-a"], AlertState.ACKNOWLEDGED, limit=3)) == 4


def test_nobody_s_units_hold_no_alerts(alerts: Alerts, alert: Alert) -> None:
    alerts.raise_once(alert)
    assert alerts.by_units([]).items == ()


def test_another_list_s_cursor_is_refused(alerts: Alerts) -> None:
    with pytest.raises(Rejected, match="paging token"):
        alerts.by_units(["ward-1"], cursor={"camera_id": "x"})
