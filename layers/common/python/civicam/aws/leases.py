"""A lease on what one writer at a time should touch: one conditional write in LEASES_TABLE, with an expiry."""

import random
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Lease:
    """A lease that is held. Whoever holds it longer than its term renews it, or stops."""

    table: str
    name: str
    holder: str
    seconds: float

    def renew(self) -> None:
        """Hold on for another term; raises Unavailable when somebody else has taken the lease meanwhile."""
        if not _put(self, "holder = :me", {":me": {"S": self.holder}}):
            raise Unavailable(f"the lease {self.name!r} could not be renewed: another writer holds it")


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

    @contextmanager
    def hold_one(self, names: Sequence[str]) -> Iterator[Lease]:
        """One of several leases, whichever is free, given back at the end; nobody waits (Unavailable): come again."""
        first = random.randrange(len(names))  # noqa: S311 - spread, not a secret
        for name in (*names[first:], *names[:first]):
            lease = Lease(self._table, name, uuid.uuid4().hex, self._seconds)
            if _take(lease):
                break
        else:
            raise Unavailable(f"all of {len(names)} leases such as {names[0]!r} are held")
        try:
            yield lease
        finally:
            _give_back(lease)


def _take(lease: Lease) -> bool:
    return _put(lease, "attribute_not_exists(lease) OR expires_at < :now", {":now": {"N": _until(0)}})


def _put(lease: Lease, condition: str, values: "dict[str, AttributeValueTypeDef]") -> bool:
    """Write the lease with a new term on that condition; False where the condition does not hold."""
    try:
        clients.dynamodb().put_item(
            TableName=lease.table,
            Item={
                "lease": {"S": lease.name},
                "holder": {"S": lease.holder},
                "expires_at": {"N": _until(lease.seconds)},
            },
            ConditionExpression=condition,
            ExpressionAttributeValues=values,
        )
    except clients.dynamodb().exceptions.ConditionalCheckFailedException:
        return False
    except (ClientError, BotoCoreError) as error:
        raise Unavailable(f"the lease {lease.name!r} could not be had: {error}") from error
    return True


def _give_back(lease: Lease) -> None:
    try:
        clients.dynamodb().delete_item(
            TableName=lease.table,
            Key={"lease": {"S": lease.name}},
            ConditionExpression="holder = :me",
            ExpressionAttributeValues={":me": {"S": lease.holder}},
        )
    except (ClientError, BotoCoreError):
        return  # somebody else's by now, or out of reach: it ends with its term


def _until(seconds: float) -> str:
    """Epoch seconds to the millisecond; DynamoDB's own expiry (TTL) reads their whole part."""
    return f"{time.time() + seconds:.3f}"
