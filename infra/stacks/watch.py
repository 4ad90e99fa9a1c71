"""Watch: rules look at facts, alerts are raised once, and people and systems are told."""

import json

from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from civicam.contracts.watch import AlertRaised
from civicam.watch.evaluation import COUNTABLE
from infra.constructs.alert_topic import AlertTopic
from infra.constructs.city_function import Bounds, CityFunction
from infra.constructs.city_stack import CityStack, resource_of
from infra.constructs.city_table import CityTable
from infra.constructs.fact_queue import FactQueue, Tries
from infra.constructs.fact_rule import FactRule
from infra.constructs.worker import accept, allow
from infra.stacks.backbone import Backbone
from infra.stacks.cameras import Cameras
from infra.stacks.security import Security

NOBODY = json.dumps({"url": ""})


class Watch(CityStack):
    """Alert rules, alerts, and their notification."""

    def __init__(self, scope: Construct, *, security: Security, backbone: Backbone, cameras: Cameras) -> None:
        super().__init__(scope, settings=security.settings, alarms=security.alarms)
        self.bus = backbone.facts
        self.rules = CityTable(self, "rules", key=("rule_id",), indexes={"by_camera": ("camera_id", "rule_id")})
        self.alerts = CityTable(
            self,
            "alerts",
            key=("alert_id",),
            indexes={"by_unit": ("unit_id", "raised_at"), "by_owner": ("owner_id", "raised_at")},
            outbox=True,
        )
        self.secret_arn = self._secret(security)
        self._evaluate(cameras)
        self._publish()
        self._deliver(security)
        AlertTopic(self, key=security.key, bus=self.bus)

    def _bounds(self, seconds: int = 30) -> Bounds:
        return Bounds(at_once=self.settings.helpers_at_once, seconds=seconds)

    def _evaluate(self, cameras: Cameras) -> None:
        queue = FactQueue(self, "evaluation")
        FactRule(self, "Measured", bus=self.bus.bus, facts=COUNTABLE).to(queue)
        evaluate = CityFunction(self, "watch/evaluate_rules", bounds=self._bounds())
        queue.feed(evaluate, batch=10)
        self.rules.grant(evaluate, "Query", index="by_camera")
        self.alerts.grant(evaluate, "PutItem")
        cameras.cameras.grant(evaluate, "GetItem")
        cameras.registry.name_to(evaluate)

    def _publish(self) -> None:
        publish = CityFunction(self, "watch/publish_alerts", bounds=self._bounds())
        self.alerts.feed(publish, "INSERT", "MODIFY")
        self.bus.grant_publish(publish)

    def _deliver(self, security: Security) -> None:
        """Tried for hours: the function itself sets how long a delivery waits for its next try."""
        queue = FactQueue(self, "webhook", tries=Tries(times=12, seconds=180))
        FactRule(self, "AlertToWebhook", bus=self.bus.bus, facts=[AlertRaised]).to(queue)
        deliver = CityFunction(self, "watch/deliver_webhook", bounds=self._bounds())
        queue.feed(deliver)
        deliver.tell("WEBHOOK_SECRET_ARN", self.secret_arn)
        deliver.tell("PRIVATE_NETWORKS", ",".join(self.settings.private_networks))
        deliver.tell("SOURCE_PORTS", self.settings.source_ports)
        allow(deliver, ["secretsmanager:GetSecretValue"], self.secret_arn)
        allow(deliver, ["kms:Decrypt"], security.key.key_arn)

    def _secret(self, security: Security) -> str:
        """The ARN of whom to call and the key to sign with: nobody, until an operator writes an address into it."""
        secret = secrets.Secret(
            self,
            "Webhook",
            secret_name=self.called("webhook"),
            encryption_key=security.key,
            generate_secret_string=secrets.SecretStringGenerator(
                secret_string_template=NOBODY, generate_string_key="key", exclude_punctuation=True
            ),
            removal_policy=self.removal_policy,
        )
        accept(secret, "AwsSolutions-SMG4", "the receiver holds the same key: the two change it together, by hand")
        resource = resource_of(secret, secrets.CfnSecret)
        self.publish("WEBHOOK_SECRET_ARN", resource.attr_id)
        return resource.attr_id
