"""Watch's functions on real payloads: a fact becomes one alert, an alert facts, a fact a delivery."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from civicam.aws.alerts import Alerts
from civicam.aws.rules import Rules
from civicam.contracts.base import now
from civicam.contracts.facts import CloudEvent
from civicam.contracts.watch import Alert, AlertRaised, Rule
from civicam.watch.evaluation import evaluate
from civicam.watch.facts import raised
from civicam.watch.signing import verify
from functions.watch.deliver_webhook.handler import handler as deliver_webhook
from functions.watch.evaluate_rules.handler import camera, rules_of
from functions.watch.evaluate_rules.handler import handler as evaluate_rules
from functions.watch.publish_alerts.handler import handler as publish_alerts
from tests.fakes.city_in_moto import Context, published
from tests.fakes.facts import crossing, vehicles
from tests.fakes.queue import make_queue, received, waits
from tests.fakes.receiver import Receiver, Reply, receiver
from tests.watch.conftest import batch, message

pytestmark = pytest.mark.unit
KEY = "0123456789abcdef"


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    rules_of.cache_clear()
    camera.cache_clear()


@pytest.fixture
def rule(city: None, busy_line: Rule, monkeypatch: pytest.MonkeyPatch) -> Rule:
    monkeypatch.setenv("EVALUATION_QUEUE_URL", make_queue("evaluation"))
    return Rules.writable_from_env().put(busy_line)


@pytest.fixture
def event(busy_line: Rule) -> CloudEvent[AlertRaised]:
    alert = evaluate(busy_line, vehicles(crossing(3)), unit_id="ward-1", raised_at=now())
    assert alert is not None
    return CloudEvent.of(raised(alert))


def failed(answer: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def standing() -> tuple[Alert, ...]:
    return Alerts.from_env().by_units(["ward-1"]).items


class TestEvaluateRules:
    def test_a_fact_over_the_threshold_delivered_twice_is_one_alert(self, rule: Rule, context: Context) -> None:
        told = batch(CloudEvent.of(vehicles(crossing(3))), CloudEvent.of(vehicles(crossing(3))))
        assert failed(evaluate_rules(told, context)) == failed(evaluate_rules(told, context)) == []
        (alert,) = standing()
        assert (alert.rule_id, alert.unit_id, alert.value) == ("busy-line", "ward-1", 3)

    def test_a_later_revision_below_the_threshold_takes_nothing_back(self, rule: Rule, context: Context) -> None:
        evaluate_rules(batch(CloudEvent.of(vehicles(crossing(3)))), context)
        evaluate_rules(batch(CloudEvent.of(vehicles(crossing(1), revision=1))), context)
        assert [alert.value for alert in standing()] == [3]

    def test_a_later_revision_above_the_threshold_raises_what_the_first_did_not(
        self, rule: Rule, context: Context
    ) -> None:
        evaluate_rules(batch(CloudEvent.of(vehicles(crossing(1)))), context)
        evaluate_rules(batch(CloudEvent.of(vehicles(crossing(4), revision=1))), context)
        assert [alert.value for alert in standing()] == [4]

    def test_a_camera_without_rules_is_left_in_peace(self, city: None, context: Context) -> None:
        assert failed(evaluate_rules(batch(CloudEvent.of(vehicles(crossing(99)))), context)) == []
        assert standing() == ()

    def test_what_cannot_be_read_fails_alone(self, rule: Rule, context: Context, payload: Callable[[str], Any]) -> None:
        good = json.loads(CloudEvent.of(vehicles(crossing(3))).model_dump_json())
        odd = [good | {"type": "vision.vehicles.counted.v9"}, good | {"data": {"fact_id": "x"}}]
        extra = good | {"data": good["data"] | {"colour": "red"}}
        records = [message(str(n), detail) for n, detail in enumerate([*odd, extra])]
        assert failed(evaluate_rules({"Records": records}, context)) == ["0", "1"]
        assert len(standing()) == 1

    def test_the_payload_that_eventbridge_really_sends(
        self, rule: Rule, context: Context, payload: Callable[[str], Any]
    ) -> None:
        assert failed(evaluate_rules(payload("watch_evaluate_rules"), context)) == []
        assert [alert.value for alert in standing()] == [4]


class TestPublishAlerts:
    def test_raised_and_taken_are_one_fact_each(
        self, city: None, context: Context, payload: Callable[[str], Any]
    ) -> None:
        stream = payload("watch_publish_alerts")
        assert failed(publish_alerts(stream, context)) == []
        events = {envelope["detail-type"]: envelope["detail"] for envelope in published()}
        assert set(events) == {"watch.alert.raised.v1", "watch.alert.acknowledged.v1"}
        assert events["watch.alert.acknowledged.v1"]["data"]["alert"]["acknowledged_by"] == "anna"
        assert len({event["id"] for event in events.values()}) == 2

    def test_the_same_change_told_twice_bears_one_id(
        self, city: None, context: Context, payload: Callable[[str], Any]
    ) -> None:
        for _ in range(2):
            publish_alerts(payload("watch_publish_alerts"), context)
        assert len({envelope["detail"]["id"] for envelope in published()}) == 2

    def test_what_changes_nothing_for_others_is_not_told(
        self, city: None, context: Context, payload: Callable[[str], Any]
    ) -> None:
        inserted, modified = payload("watch_publish_alerts")["Records"]
        modified["dynamodb"]["OldImage"] = modified["dynamodb"]["NewImage"]
        removed = {**inserted, "eventName": "REMOVE", "dynamodb": {"OldImage": inserted["dynamodb"]["NewImage"]}}
        assert failed(publish_alerts({"Records": [modified, removed]}, context)) == []
        assert published() == []

    def test_a_restored_alert_is_not_told_again_until_somebody_takes_it(
        self, city: None, context: Context, payload: Callable[[str], Any]
    ) -> None:
        inserted, modified = payload("watch_publish_alerts")["Records"]
        inserted["dynamodb"]["NewImage"]["restored"] = {"BOOL": True}
        modified["dynamodb"]["OldImage"]["restored"] = {"BOOL": True}
        assert failed(publish_alerts({"Records": [inserted, modified]}, context)) == []
        assert [envelope["detail-type"] for envelope in published()] == ["watch.alert.acknowledged.v1"]

    def test_where_the_bus_is_away_the_stream_is_read_again(
        self,
        city: None,
        context: Context,
        payload: Callable[[str], Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.delenv("BUS_NAME")
        with pytest.raises(Exception, match="BUS_NAME"):
            publish_alerts(payload("watch_publish_alerts"), context)


class TestDeliverWebhook:
    @pytest.fixture
    def listening(self, city: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
        with receiver() as one:
            secret = json.dumps({"url": one.url, "key": KEY})
            arn = boto3.client("secretsmanager").create_secret(Name=f"webhook-{one.url[-20:]}", SecretString=secret)
            monkeypatch.setenv("WEBHOOK_SECRET_ARN", arn["ARN"])
            monkeypatch.setenv("WEBHOOK_QUEUE_URL", make_queue("webhook"))
            monkeypatch.setenv("PRIVATE_NETWORKS", "127.0.0.0/8")
            monkeypatch.setenv("SOURCE_PORTS", "1-65535")
            yield one

    def received(self, event: CloudEvent[AlertRaised], tries: int = 1) -> dict[str, Any]:
        """The message as the queue hands it out: with a handle that works."""
        (record,) = batch(event)["Records"]
        return {"Records": [received(os.environ["WEBHOOK_QUEUE_URL"], record, tries=tries)]}

    def test_the_receiver_gets_a_signed_alert(
        self, listening: Receiver, event: CloudEvent[AlertRaised], context: Context
    ) -> None:
        assert failed(deliver_webhook(self.received(event), context)) == []
        (got,) = listening.received
        verify(got.body, got.headers["Civicam-Signature"], KEY, now())

    def test_a_busy_receiver_is_left_alone_for_a_while(
        self, listening: Receiver, event: CloudEvent[AlertRaised], context: Context
    ) -> None:
        listening.replies = [Reply(503)]
        with waits() as heard:
            assert len(failed(deliver_webhook(self.received(event, tries=3), context))) == 1
        assert 10 <= heard[0] <= 20

    def test_a_delivery_that_will_never_succeed_does_not_wait(
        self, listening: Receiver, event: CloudEvent[AlertRaised], context: Context
    ) -> None:
        listening.replies = [Reply(410)]
        with waits() as heard:
            assert len(failed(deliver_webhook(self.received(event), context))) == 1
        assert heard == [0]

    def test_the_wait_that_the_receiver_asks_for_is_kept(
        self, listening: Receiver, event: CloudEvent[AlertRaised], context: Context
    ) -> None:
        listening.replies = [Reply(429, {"Retry-After": "600"})]
        with waits() as heard:
            assert len(failed(deliver_webhook(self.received(event), context))) == 1
        assert heard == [600]

    def test_failing_twice_then_well_is_delivered_once(
        self, listening: Receiver, event: CloudEvent[AlertRaised], context: Context
    ) -> None:
        listening.replies = [Reply(500), Reply(429, {"Retry-After": "1"}), Reply(200)]
        told = self.received(event)
        assert [len(failed(deliver_webhook(told, context))) for _ in range(3)] == [1, 1, 0]
        assert len({got.headers["Civicam-Delivery"] for got in listening.received}) == 1
