"""Somebody's end of the webhook, on this machine: it believes what is signed, notes each alert once, and keeps it."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from civicam.aws import clients
from civicam.aws.webhook import Subscription
from civicam.contracts.base import now
from civicam.contracts.errors import Rejected
from civicam.contracts.facts import CloudEvent, read_fact
from civicam.contracts.watch import AlertRaised
from civicam.watch.signing import DELIVERY_HEADER, SIGNATURE_HEADER, verify

LONGEST_BODY = 64_000


@dataclass(frozen=True)
class Delivery:
    """One alert that arrived, its signature verified."""

    event: CloudEvent[AlertRaised]
    received_at: datetime


class Inbox:
    """What the receiver got."""

    def __init__(self, key: str, clock: Callable[[], datetime] = now) -> None:
        self._key, self._clock = key, clock
        self._deliveries: dict[str, Delivery] = {}
        self._lock = threading.Lock()
        self.repeated = 0
        self.refused: Counter[str] = Counter()
        """Deliveries that were not believed, by reason."""

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Every alert once, in the order of arrival."""
        with self._lock:
            return tuple(self._deliveries.values())

    def take(self, body: bytes, signature: str | None, delivery: str | None) -> HTTPStatus:
        """Believe and keep a delivery; 401 where its signature is not right, 400 where its content is not."""
        received_at = self._clock()
        try:
            verify(body, signature, self._key, received_at)
        except Rejected as error:
            return self._refuse(error.reason, HTTPStatus.UNAUTHORIZED)
        try:
            event = read_fact(dict(json.loads(body)), AlertRaised)
        except (ValueError, TypeError, Rejected):
            return self._refuse("malformed_delivery", HTTPStatus.BAD_REQUEST)
        if delivery != event.data.alert.alert_id:  # the header is not signed: what it says must be what the body says
            return self._refuse("delivery_mismatch", HTTPStatus.BAD_REQUEST)
        with self._lock:
            self.repeated += delivery in self._deliveries
            self._deliveries.setdefault(delivery, Delivery(event, received_at))
        return HTTPStatus.NO_CONTENT

    def _refuse(self, reason: str, status: HTTPStatus) -> HTTPStatus:
        with self._lock:
            self.refused[reason] += 1
        return status


@dataclass(frozen=True)
class Receiver:
    """A receiver that listens."""

    url: str
    inbox: Inbox


@contextmanager
def listen(key: str, *, port: int = 0) -> Iterator[Receiver]:
    """A receiver on loopback, on a free port unless one is named, until the block ends."""
    inbox = Inbox(key)

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            status = self._take()
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _take(self) -> HTTPStatus:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit():
                return HTTPStatus.LENGTH_REQUIRED
            if int(length) > LONGEST_BODY:
                self.close_connection = True
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            body = self.rfile.read(int(length))
            return inbox.take(body, self.headers.get(SIGNATURE_HEADER), self.headers.get(DELIVERY_HEADER))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Nothing: what was received is in the inbox."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield Receiver(f"http://127.0.0.1:{server.server_port}/", inbox)
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def subscribe(secret_arn: str, *, port: int = 0) -> Iterator[Receiver]:
    """A receiver that the city tells about alerts: it listens with the city's key, and the secret names its address.

    When the block ends the secret is as it was.
    """
    secrets = clients.secretsmanager()
    before = secrets.get_secret_value(SecretId=secret_arn)["SecretString"]
    key = Subscription.model_validate_json(before).key
    with listen(key, port=port) as receiver:
        ours = Subscription(url=receiver.url, key=key)
        secrets.put_secret_value(SecretId=secret_arn, SecretString=ours.model_dump_json())
        try:
            yield receiver
        finally:
            secrets.put_secret_value(SecretId=secret_arn, SecretString=before)
