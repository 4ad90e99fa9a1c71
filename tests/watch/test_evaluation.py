"""When a fact becomes an alert, and when two facts are one alert."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.contracts.vision import ZonePeople
from civicam.contracts.watch import Alert, Incident, LineCount, Rule
from civicam.watch.evaluation import Countable, alert_id, evaluate
from tests.fakes.facts import CAMERA, START, crossing, crowd, incident, vehicles

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 24, 10, 46, tzinfo=UTC)


def judged(rule: Rule, fact: Countable) -> Alert | None:
    return evaluate(rule, fact, unit_id="ward-1", raised_at=NOW)


def line(rule: Rule, **changes: Any) -> Rule:
    return rule.model_copy(update={"condition": rule.condition.model_copy(update=changes)})


def test_an_alert_tells_what_was_counted_and_where(busy_line: Rule) -> None:
    fact = vehicles(crossing(2), crossing(2, label="bus"))
    alert = judged(busy_line, fact)
    assert alert is not None
    assert (alert.value, alert.at_least, alert.unit_id, alert.state) == (4, 3, "ward-1", "new")
    assert (alert.fact_id, alert.fact_type, alert.capture_start) == (fact.fact_id, fact.TYPE, START)


@pytest.mark.parametrize(("count", "raised"), [(2, False), (3, True), (4, True)])
def test_the_threshold_itself_is_enough(busy_line: Rule, count: int, raised: bool) -> None:
    assert (judged(busy_line, vehicles(crossing(count))) is not None) is raised


def test_another_line_counts_nothing(busy_line: Rule) -> None:
    assert judged(busy_line, vehicles(crossing(9, line_id="south"))) is None


def test_both_directions_count_unless_the_rule_names_one(busy_line: Rule) -> None:
    fact = vehicles(crossing(2), crossing(2, direction="backward"))
    assert judged(busy_line, fact) is not None
    assert judged(line(busy_line, direction="forward"), fact) is None


def test_only_the_labels_that_the_rule_names_count(busy_line: Rule) -> None:
    fact = vehicles(crossing(2), crossing(9, label="two_wheeler"))
    assert judged(line(busy_line, labels=("car", "bus")), fact) is None
    assert judged(line(busy_line, labels=("two_wheeler",)), fact) is not None


def test_people_are_counted_at_their_most_in_the_zone(full_square: Rule) -> None:
    elsewhere = ZonePeople(zone_id="steps", people_mean=30, people_max=30)
    assert judged(full_square, crowd(elsewhere)) is None
    assert judged(full_square, crowd(elsewhere, ZonePeople(zone_id="square", people_mean=3, people_max=20)))


def test_a_rule_about_vehicles_says_nothing_about_a_crowd(busy_line: Rule, full_square: Rule) -> None:
    assert judged(busy_line, crowd()) is None
    assert judged(full_square, vehicles(crossing(99))) is None


def test_another_camera_s_fact_raises_nothing(busy_line: Rule) -> None:
    assert judged(busy_line, vehicles(crossing(9), camera_id="01JD8K3V4N0000000000000002")) is None


def test_a_replay_never_calls_anybody(busy_line: Rule) -> None:
    assert judged(busy_line, vehicles(crossing(9), run="replay-7")) is None


def test_facts_of_one_stretch_are_one_alert(busy_line: Rule) -> None:
    first, second = (
        judged(busy_line, vehicles(crossing(count), capture_start=START + timedelta(seconds=seconds)))
        for count, seconds in ((3, 0), (7, 299))
    )
    third = judged(busy_line, vehicles(crossing(3), capture_start=START + timedelta(seconds=300)))
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.alert_id == second.alert_id != third.alert_id


@given(st.integers(1, 86_400), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_two_facts_further_apart_than_the_cool_down_are_never_one_alert(cooldown: int, start: datetime) -> None:
    rule = Rule(
        rule_id="r",
        title="t",
        camera_id=CAMERA,
        condition=LineCount(line_id="north", at_least=1),
        cooldown_seconds=cooldown,
    )
    fact, later = (vehicles(capture_start=start + timedelta(seconds=seconds)) for seconds in (0, cooldown))
    assert alert_id(rule, fact) != alert_id(rule, later)
    other = rule.model_copy(update={"rule_id": "s"})
    assert alert_id(rule, fact) != alert_id(other, fact)


SUSPICION = Rule(rule_id="r", title="t", camera_id=CAMERA, condition=Incident(at_least=60), cooldown_seconds=1)


def test_an_incident_that_begins_is_one_alert_whatever_clip_or_revision_tells_it() -> None:
    first = judged(SUSPICION, incident(confidence=0.7))
    again = judged(SUSPICION, incident(confidence=0.9, revision=2, capture_start=START + timedelta(hours=2)))
    other = judged(SUSPICION, incident(name="another", confidence=0.7))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.alert_id == again.alert_id != other.alert_id
    assert (first.value, first.at_least, first.incident_id) == (70, 60, incident().incident_id)


def test_an_end_or_a_withdrawal_calls_nobody() -> None:
    assert judged(SUSPICION, incident(ended=True, confidence=0.9)) is None
    assert judged(SUSPICION, incident(confidence=0.9).withdrawn()) is None


@pytest.mark.parametrize(("confidence", "raised"), [(0.59, False), (0.6, True), (1.0, True)])
def test_an_incident_counts_from_the_confidence_that_the_rule_wants(confidence: float, raised: bool) -> None:
    assert (judged(SUSPICION, incident(confidence=confidence)) is not None) is raised


def test_only_incidents_of_the_rules_that_are_named_count(busy_line: Rule) -> None:
    wrong_way = line(SUSPICION, rules=("wrong_way", "congestion"))
    assert judged(wrong_way, incident("stopped_vehicle", confidence=0.9)) is None
    assert judged(wrong_way, incident("wrong_way", confidence=0.9)) is not None
    assert judged(busy_line, incident(confidence=0.9)) is None
    assert judged(SUSPICION, vehicles(crossing(99))) is None
