"""The topic that tells people of an alert in words: e-mail and SMS read what EventBridge makes of the fact."""

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from civicam.contracts.watch import AlertRaised
from infra.constructs.city_stack import CityStack
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.fact_bus import FactBus
from infra.constructs.fact_rule import DELIVERIES, DELIVERY_AGE, FactRule

TEXT = "{severity}: {title}. Camera {camera}, {value} (from {at_least} on), footage of {start}. Alert {alert}."


class AlertTopic(Construct):
    """AlertTopicArn among the outputs; the rule publishes to it directly."""

    def __init__(self, stack: CityStack, *, key: kms.IKey, bus: FactBus) -> None:
        super().__init__(stack, "AlertTopic")
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True, display_name="civicam alert")
        if stack.settings.alert_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(stack.settings.alert_email))
        rule = FactRule(stack, "AlertToPeople", bus=bus.bus, facts=[AlertRaised])
        rule.add_target(
            targets.SnsTopic(
                self.topic,
                message=events.RuleTargetInput.from_text(_text()),
                dead_letter_queue=DeadLetters(stack, "notification").queue,
                retry_attempts=DELIVERIES,
                max_event_age=DELIVERY_AGE,
            )
        )
        stack.publish("ALERT_TOPIC_ARN", self.topic.topic_arn)


def _text() -> str:
    """TEXT with each place taken by a field of the alert."""
    names = {"camera": "camera_id", "start": "capture_start", "alert": "alert_id"}
    words = ("severity", "title", "camera", "value", "at_least", "start", "alert")
    return TEXT.format_map({word: _field(names.get(word, word)) for word in words})


def _field(name: str) -> str:
    return events.EventField.from_path(f"$.detail.data.alert.{name}")
