"""A lease on what one writer at a time should touch: one conditional write in LEASES_TABLE, with an expiry."""

import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.exceptions import ClientError

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.errors import Unavailable

POLL_SECONDS = 0.1
HELD = "ConditionalCheckFailedException"


@dataclass(frozen=True)
class Lease:
    """A lease that is held. Whoever holds it longer than its term renews it, or stops."""

    table: str
    name: str
    owner: str
    seconds: float

    def renew(self) -> None:
        """Hold on for another term; raises Unavailable when somebody else has taken the lease meanwhile."""
        try:
            clients.dynamodb().update_item(
                TableName=self.table,
                Key={"lease": {"S": self.name}},
                UpdateExpression="SET expires_at = :until",
                ConditionExpression="#owner = :me",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={":me": {"S": self.owner}, ":until": {"N": _until(self.seconds)}},
            )
        except ClientError as error:
            raise Unavailable(f"the lease {self.name!r} could not be renewed: {_code(error)}") from error


class Leases:
    """The table of leases. A dead holder's lease can be taken when its term is over."""

    def __init__(self, table: str, *, seconds: float = 60, wait_seconds: float = 20) -> None:
        self._table, self._seconds, self._wait = table, seconds, wait_seconds

    @classmethod
    def from_env(cls) -> "Leases":
        """The table that the stack names in LEASES_TABLE."""
        return cls(setting("LEASES_TABLE"))

    @contextmanager
    def hold(self, name: str) -> Iterator[Lease]:
        """The lease, waited for at most `wait_seconds` (then Unavailable) and given back at the end."""
        lease = Lease(self._table, name, uuid.uuid4().hex, self._seconds)
        deadline = time.monotonic() + self._wait
        while not _take(lease):
            if time.monotonic() >= deadline:
                raise Unavailable(f"another writer has held the lease {name!r} for {self._wait:.0f} s")
            time.sleep(POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
        try:
            yield lease
        finally:
            _give_back(lease)


def _take(lease: Lease) -> bool:
    try:
        clients.dynamodb().put_item(
            TableName=lease.table,
            Item={"lease": {"S": lease.name}, "owner": {"S": lease.owner}, "expires_at": {"N": _until(lease.seconds)}},
            ConditionExpression="attribute_not_exists(lease) OR expires_at < :now",
            ExpressionAttributeValues={":now": {"N": _until(0)}},
        )
    except ClientError as error:
        if _code(error) == HELD:
            return False
        raise Unavailable(f"the lease {lease.name!r} could not be taken: {_code(error)}") from error
    return True


def _give_back(lease: Lease) -> None:
    try:
        clients.dynamodb().delete_item(
            TableName=lease.table,
            Key={"lease": {"S": lease.name}},
            ConditionExpression="#owner = :me",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":me": {"S": lease.owner}},
        )
    except ClientError as error:
        if _code(error) != HELD:
            raise Unavailable(f"the lease {lease.name!r} could not be given back: {_code(error)}") from error


def _until(seconds: float) -> str:
    """Epoch seconds to the millisecond; DynamoDB's own expiry (TTL) reads their whole part."""
    return f"{time.time() + seconds:.3f}"


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
