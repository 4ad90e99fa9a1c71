"""What a change of a stored alert means to the city."""

from datetime import UTC, datetime

import pytest

from civicam.contracts.watch import Alert, AlertAcknowledged, AlertRaised, AlertState, Rule
from civicam.watch.evaluation import evaluate
from civicam.watch.facts import change
from tests.fakes.facts import crossing, vehicles

pytestmark = pytest.mark.unit
AT = datetime(2026, 11, 24, 10, 46, tzinfo=UTC)


@pytest.fixture
def new(busy_line: Rule) -> Alert:
    alert = evaluate(busy_line, vehicles(crossing(3)), unit_id="ward-1", raised_at=AT)
    assert alert is not None
    return alert


@pytest.fixture
def taken(new: Alert) -> Alert:
    return new.model_copy(update={"state": AlertState.ACKNOWLEDGED, "acknowledged_by": "anna", "acknowledged_at": AT})


def test_an_open_alert_that_was_not_there_is_raised(new: Alert) -> None:
    assert isinstance(change(None, new), AlertRaised)


def test_an_open_alert_that_somebody_took_is_acknowledged(new: Alert, taken: Alert) -> None:
    assert isinstance(change(new, taken), AlertAcknowledged)


def test_an_alert_that_comes_back_taken_calls_nobody(taken: Alert) -> None:
    assert change(None, taken) is None


def test_no_other_change_is_news(new: Alert, taken: Alert) -> None:
    assert [change(new, new), change(taken, taken), change(taken, new), change(new, None)] == [None] * 4
