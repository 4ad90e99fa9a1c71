"""The signed webhook: an alert's fact POSTed to the address that the city's operators chose."""

import time
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import urllib3
from pydantic import Field, ValidationError

from civicam.aws import clients
from civicam.aws.addresses import PORTS, PUBLIC_ONLY, Reach, parse_url
from civicam.aws.environment import setting
from civicam.contracts.base import Body, now
from civicam.contracts.errors import Inconsistent, Rejected, Unavailable
from civicam.contracts.facts import CloudEvent
from civicam.contracts.watch import AlertRaised
from civicam.watch.signing import DELIVERY_HEADER, SIGNATURE_HEADER, sign

SECRET_SECONDS = 60
"""How long a secret is believed while deliveries succeed: an exchanged key or address is in use after at most this."""
STANDARD_TIMEOUT = urllib3.Timeout(connect=3, read=7)
_PASSING = {408, 425, 429}


class Subscription(Body):
    """Who is told about alerts: the secret's content. An empty address means nobody."""

    url: str = ""
    key: str = Field(min_length=16)


class Subscriptions:
    """Reads subscriptions from Secrets Manager: once a minute while there is somebody and all goes well."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, Subscription]] = {}

    def read(self, arn: str) -> Subscription:
        """The subscription in a secret; raises Inconsistent, without its content, where it is not one."""
        read_at, kept = self._kept.get(arn, (0.0, None))
        if kept and self._clock() - read_at < SECRET_SECONDS:
            return kept
        text = clients.secretsmanager().get_secret_value(SecretId=arn)["SecretString"]
        try:
            subscription = Subscription.model_validate_json(text)
        except ValidationError:
            raise Inconsistent(
                'the webhook\'s secret must read {"url": "...", "key": "16 characters or more"}'
            ) from None
        if subscription.url:
            self._kept[arn] = (self._clock(), subscription)
        return subscription

    def forget(self, arn: str) -> None:
        """Read this one anew next time."""
        self._kept.pop(arn, None)


_subscriptions = Subscriptions()


class Webhook:
    """Delivers alerts, signed, to one address."""

    def __init__(
        self,
        subscription: Subscription,
        reach: Reach = PUBLIC_ONLY,
        *,
        timeout: urllib3.Timeout = STANDARD_TIMEOUT,
        clock: Callable[[], datetime] = now,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._subscription, self._reach, self._timeout = subscription, reach, timeout
        self._clock, self._failed = clock, failed

    @classmethod
    def from_env(cls) -> Self:
        """The webhook of the secret WEBHOOK_SECRET_ARN; what it reaches, the stack's settings say."""
        arn = setting("WEBHOOK_SECRET_ARN")
        return cls(_subscriptions.read(arn), Reach.from_env(), failed=lambda: _subscriptions.forget(arn))

    def deliver(self, event: CloudEvent[AlertRaised]) -> bool:
        """POST the alert's CloudEvent, signed; True once the receiver took it (2xx), False where nobody is subscribed.

        Raises Unavailable for what passes (no answer, 408, 425, 429, 5xx), with the wait that the receiver asked for;
        Rejected for what does not: another 4xx, a redirection (never followed: it could point inside), an address that
        may not be called.
        """
        if not self._subscription.url:
            return False
        try:
            self._post(event.model_dump_json().encode(), event.data.alert.alert_id)
        except (Unavailable, Rejected):
            self._failed()
            raise
        return True

    def _post(self, body: bytes, alert_id: str) -> None:
        status, asked_seconds = self._answer(body, alert_id)
        if 200 <= status < 300:
            return
        if status in _PASSING or status >= 500:
            raise Unavailable(f"the webhook's receiver answers {status}", asked_seconds)
        raise Rejected("delivery_refused", f"the webhook's receiver answers {status}: check its address and key")

    def _answer(self, body: bytes, alert_id: str) -> tuple[int, int | None]:
        """The answer's status, and the wait that it asks for."""
        parts = parse_url(self._subscription.url)
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/cloudevents+json",
            "User-Agent": "civicam/1",
            SIGNATURE_HEADER: sign(body, self._subscription.key, self._clock()),
            DELIVERY_HEADER: alert_id,
        }
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with self._pool() as pool:
                answer = pool.urlopen(
                    "POST", target, body, headers, retries=False, redirect=False, preload_content=False
                )
                answer.close()  # what else it says is nobody's business, and could be endless
        except (urllib3.exceptions.HTTPError, Unavailable) as error:
            raise Unavailable(f"the webhook's receiver cannot be reached: {type(error).__name__}") from error
        return answer.status, _seconds(answer.headers.get("Retry-After"), self._clock())

    def _pool(self) -> urllib3.HTTPConnectionPool:
        """Connections to the address that was checked; the certificate must be the name's."""
        parts = parse_url(self._subscription.url)
        shared: dict[str, Any] = {
            "host": str(self._reach.resolve(self._subscription.url)),
            "port": parts.port or PORTS[parts.scheme],
            "timeout": self._timeout,
        }
        if parts.scheme == "http":
            return urllib3.HTTPConnectionPool(**shared)
        return urllib3.HTTPSConnectionPool(**shared, server_hostname=parts.hostname, assert_hostname=parts.hostname)


def _seconds(retry_after: str | None, at: datetime) -> int | None:
    """The wait in a Retry-After header (RFC 9110: seconds, or a date); None where it is missing or makes no sense."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 10:
        return int(retry_after)
    try:
        return max(0, round((parsedate_to_datetime(retry_after) - at).total_seconds()))
    except (ValueError, TypeError):
        return None
