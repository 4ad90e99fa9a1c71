"""Webhook deliveries over real sockets: what is sent, and what each answer means."""

import json
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network

import boto3
import pytest
import urllib3

from civicam.aws.addresses import Reach
from civicam.aws.webhook import Subscription, Subscriptions, Webhook
from civicam.contracts.errors import Inconsistent, Rejected, Unavailable
from civicam.contracts.facts import CloudEvent, read_fact
from civicam.contracts.watch import AlertRaised, Rule
from civicam.watch.evaluation import evaluate
from civicam.watch.facts import raised
from civicam.watch.signing import verify
from tests.fakes.facts import crossing, vehicles
from tests.fakes.receiver import Receiver, Reply, receiver

pytestmark = pytest.mark.unit
KEY = "0123456789abcdef"
NOW = datetime(2026, 11, 24, 10, 46, tzinfo=UTC)
LOOPBACK = Reach((ip_network("127.0.0.0/8"),), "1-65535")


@pytest.fixture
def listening() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@pytest.fixture
def event(busy_line: Rule) -> CloudEvent[AlertRaised]:
    alert = evaluate(busy_line, vehicles(crossing(3)), unit_id="ward-1", raised_at=NOW)
    assert alert is not None
    return CloudEvent.of(raised(alert))


def webhook(url: str) -> Webhook:
    timeout = urllib3.Timeout(connect=1, read=0.3)
    return Webhook(Subscription(url=url, key=KEY), LOOPBACK, timeout=timeout, clock=lambda: NOW)


def told_later(listening: Receiver, event: CloudEvent[AlertRaised], reply: Reply) -> int | None:
    listening.replies = [reply]
    with pytest.raises(Unavailable) as later:
        webhook(listening.url).deliver(event)
    return later.value.asked_seconds


def test_the_receiver_can_check_and_read_what_it_gets(listening: Receiver, event: CloudEvent[AlertRaised]) -> None:
    assert webhook(listening.url).deliver(event)
    (got,) = listening.received
    verify(got.body, got.headers["Civicam-Signature"], KEY, NOW)
    assert read_fact(json.loads(got.body), AlertRaised) == event
    assert got.headers["Civicam-Delivery"] == event.data.alert.alert_id
    assert got.headers["Content-Type"] == "application/cloudevents+json"
    assert (got.path, got.headers["Host"]) == ("/hooks?of=city", listening.url.split("/")[2])


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_later(listening: Receiver, event: CloudEvent[AlertRaised], status: int) -> None:
    assert told_later(listening, event, Reply(status)) is None


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("17", 17),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0),
        ("soon", None),
        ("-1", None),
        ("9" * 30, None),
        ("Tue, 24 Nov 2026 10:46:00", None),
    ],
)
def test_the_wait_that_the_receiver_asks_for_is_heard(
    listening: Receiver, event: CloudEvent[AlertRaised], asked: str, seconds: int | None
) -> None:
    assert told_later(listening, event, Reply(429, {"Retry-After": asked})) == seconds


def test_a_receiver_that_does_not_answer_is_tried_later(listening: Receiver, event: CloudEvent[AlertRaised]) -> None:
    assert told_later(listening, event, Reply(after_seconds=1)) is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://no-such-host.invalid/"])
def test_a_receiver_that_cannot_be_reached_is_tried_later(event: CloudEvent[AlertRaised], url: str) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        webhook(url).deliver(event)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_refusal_that_will_not_pass_is_no_reason_to_wait(
    listening: Receiver, event: CloudEvent[AlertRaised], status: int
) -> None:
    listening.replies = [Reply(status)]
    with pytest.raises(Rejected, match=str(status)):
        webhook(listening.url).deliver(event)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(listening: Receiver, event: CloudEvent[AlertRaised], status: int) -> None:
    listening.replies = [Reply(status, {"Location": listening.url})]
    with pytest.raises(Rejected, match=str(status)):
        webhook(listening.url).deliver(event)
    assert len(listening.received) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::1]/",
        "http://0x7f.1/",
        "https://user:secret@example.org/",
        "file:///etc/passwd",
        "ftp://example.org/",
    ],
)
def test_an_address_that_points_inside_is_never_called(event: CloudEvent[AlertRaised], url: str) -> None:
    with pytest.raises(Rejected) as refusal:
        webhook(url).deliver(event)
    assert refusal.value.reason == "refused_address"


def test_loopback_is_inside_too_unless_it_is_opened(listening: Receiver, event: CloudEvent[AlertRaised]) -> None:
    with pytest.raises(Rejected):
        Webhook(Subscription(url=listening.url, key=KEY)).deliver(event)
    assert listening.received == []


def test_https_without_a_certificate_of_that_name_is_not_spoken_to(
    listening: Receiver, event: CloudEvent[AlertRaised]
) -> None:
    assert ssl.create_default_context().check_hostname
    with pytest.raises(Unavailable):
        webhook(listening.url.replace("http:", "https:")).deliver(event)
    assert listening.received == []


@pytest.mark.parametrize(("status", "failures"), [(204, 0), (503, 1), (410, 1)])
def test_a_failure_is_told_so_that_the_secret_is_read_anew(
    listening: Receiver, event: CloudEvent[AlertRaised], status: int, failures: int
) -> None:
    listening.replies, told = [Reply(status)], list[bool]()
    hook = Webhook(Subscription(url=listening.url, key=KEY), LOOPBACK, failed=lambda: told.append(True))
    with suppress(Unavailable, Rejected):
        hook.deliver(event)
    assert len(told) == failures


def test_nobody_subscribed_is_nothing_to_do(event: CloudEvent[AlertRaised]) -> None:
    assert not webhook("").deliver(event)


def test_an_endless_answer_is_not_read(listening: Receiver, event: CloudEvent[AlertRaised]) -> None:
    listening.replies = [Reply(200, {"Content-Length": str(10**12)}, body=b"x" * 100_000)]
    assert webhook(listening.url).deliver(event)


def test_a_changed_secret_is_in_use_after_a_minute(city: None) -> None:
    secrets = boto3.client("secretsmanager")
    arn = secrets.create_secret(Name="webhook", SecretString=json.dumps({"url": "https://a", "key": KEY}))["ARN"]
    seconds = iter([0.0, 59.9, 60.0, 60.0])
    subscriptions = Subscriptions(clock=lambda: next(seconds))
    assert subscriptions.read(arn).url == "https://a"
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({"url": "https://b", "key": KEY}))
    assert [subscriptions.read(arn).url for _ in range(2)] == ["https://a", "https://b"]


def test_a_secret_is_read_anew_after_a_failure_and_while_nobody_is_subscribed(city: None) -> None:
    secrets, subscriptions = boto3.client("secretsmanager"), Subscriptions()
    arn = secrets.create_secret(Name="webhook", SecretString=json.dumps({"url": "", "key": KEY}))["ARN"]
    assert subscriptions.read(arn).url == ""
    for url in ("https://a", "https://b"):
        secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({"url": url, "key": KEY}))
        assert subscriptions.read(arn).url == url
        subscriptions.forget(arn)


@pytest.mark.parametrize("text", ["", "secret words", '{"url": "https://a"}', '{"url": "", "key": "short secret"}'])
def test_a_secret_of_another_shape_is_not_told_to_the_log(city: None, text: str) -> None:
    arn = boto3.client("secretsmanager").create_secret(Name="webhook", SecretString=text or " ")["ARN"]
    with pytest.raises(Inconsistent) as error:
        Subscriptions().read(arn)
    assert "secret words" not in str(error.value)
    assert "short secret" not in str(error.value)
    assert error.value.__cause__ is None
