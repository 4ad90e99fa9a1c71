"""The receiver at the other end of the webhook: it believes what is signed, once, and nothing else."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from ipaddress import ip_network

import boto3
import httpx
import pytest

from civicam.aws.addresses import Reach
from civicam.aws.webhook import Subscription, Webhook
from civicam.contracts.base import now
from civicam.contracts.facts import CloudEvent
from civicam.contracts.watch import AlertRaised, Rule
from civicam.watch.evaluation import evaluate
from civicam.watch.facts import raised
from civicam.watch.signing import sign
from civicam_cli.receiver import Inbox, Receiver, listen, subscribe
from tests.fakes.facts import crossing, vehicles

pytestmark = pytest.mark.unit
KEY = "0123456789abcdef"
LOOPBACK = Reach((ip_network("127.0.0.0/8"),), "1-65535")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listen(KEY) as one:
        yield one


@pytest.fixture
def event(busy_line: Rule) -> CloudEvent[AlertRaised]:
    alert = evaluate(busy_line, vehicles(crossing(3)), unit_id="ward-1", raised_at=now())
    assert alert is not None
    return CloudEvent.of(raised(alert))


def taken(body: bytes, delivery: str | None, signature: str | None = None, inbox: Inbox | None = None) -> HTTPStatus:
    return (inbox or Inbox(KEY)).take(body, signature or sign(body, KEY, now()), delivery)


def test_what_the_city_sends_arrives(receiver: Receiver, event: CloudEvent[AlertRaised]) -> None:
    assert Webhook(Subscription(url=receiver.url, key=KEY), LOOPBACK).deliver(event)
    assert [delivery.event for delivery in receiver.inbox.deliveries] == [event]


def test_the_same_alert_delivered_twice_is_one(receiver: Receiver, event: CloudEvent[AlertRaised]) -> None:
    for _ in range(3):
        assert Webhook(Subscription(url=receiver.url, key=KEY), LOOPBACK).deliver(event)
    assert (len(receiver.inbox.deliveries), receiver.inbox.repeated) == (1, 2)


def test_a_stranger_s_delivery_is_not_believed(receiver: Receiver, event: CloudEvent[AlertRaised]) -> None:
    with pytest.raises(Exception, match="401"):
        Webhook(Subscription(url=receiver.url, key="another key of 16"), LOOPBACK).deliver(event)
    assert receiver.inbox.deliveries == ()
    assert receiver.inbox.refused == {"signature_mismatch": 1}


def test_a_recorded_delivery_replayed_later_is_not_believed(event: CloudEvent[AlertRaised]) -> None:
    body = event.model_dump_json().encode()
    inbox = Inbox(KEY, clock=lambda: now() + timedelta(minutes=6))
    assert taken(body, event.data.alert.alert_id, inbox=inbox) == HTTPStatus.UNAUTHORIZED
    assert inbox.refused == {"signature_out_of_time": 1}


def test_a_replay_under_another_delivery_id_is_not_taken(event: CloudEvent[AlertRaised]) -> None:
    assert taken(event.model_dump_json().encode(), "f" * 64) == HTTPStatus.BAD_REQUEST
    assert taken(event.model_dump_json().encode(), None) == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"7", b"\xff", b'{"type":"watch.alert.raised.v1"}'])
def test_what_is_signed_but_no_alert_is_refused(body: bytes) -> None:
    assert taken(body, "x") == HTTPStatus.BAD_REQUEST


def test_oversized_and_lengthless_requests_are_refused_unread(receiver: Receiver) -> None:
    assert httpx.post(receiver.url, content=b"x" * 64_001).status_code == 413
    assert httpx.post(receiver.url, content=iter([b"x"])).status_code == 411
    assert httpx.get(receiver.url).status_code == 501


def test_a_subscription_lasts_as_long_as_its_block(city: None, event: CloudEvent[AlertRaised]) -> None:
    secrets, before = boto3.client("secretsmanager"), json.dumps({"url": "", "key": KEY})
    arn = secrets.create_secret(Name="webhook", SecretString=before)["ARN"]
    with subscribe(arn) as receiver:
        told = Subscription.model_validate_json(secrets.get_secret_value(SecretId=arn)["SecretString"])
        assert told == Subscription(url=receiver.url, key=KEY)
        assert Webhook(told, LOOPBACK).deliver(event)
        assert len(receiver.inbox.deliveries) == 1
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == before
