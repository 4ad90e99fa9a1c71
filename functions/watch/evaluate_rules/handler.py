"""What rules may ask about (SQS batch) -> alerts, each raised by one conditional put."""

import json
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.alerts import Alerts
from civicam.aws.lines import city_logger
from civicam.aws.queues import QueueReader
from civicam.aws.recent import Recent
from civicam.aws.registry import Registry
from civicam.aws.rules import Rules
from civicam.contracts.base import now
from civicam.contracts.catalogue import read_any
from civicam.watch.evaluation import evaluate

logger = city_logger()
processor = QueueReader("EVALUATION_QUEUE_URL")
rules_of = cache(lambda: Recent(Rules.from_env().of_camera))
camera = cache(lambda: Recent(Registry.from_env().camera))


def raise_alerts(record: SQSRecord) -> None:
    """Raise what the camera's rules make of one fact."""
    fact = read_any(json.loads(record.body)["detail"]).data
    for rule in rules_of()(fact.camera_id):
        place = camera()(fact.camera_id)
        alert = evaluate(rule, fact, unit_id=place.unit_id, owner_id=place.owner_id, raised_at=now())
        if alert and Alerts.from_env().raise_once(alert):
            logger.info("alert raised", alert_id=alert.alert_id, rule_id=alert.rule_id, camera_id=alert.camera_id)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """The facts that could not be looked at: they return to the queue."""
    return process_partial_response(event=event, record_handler=raise_alerts, processor=processor, context=context)
