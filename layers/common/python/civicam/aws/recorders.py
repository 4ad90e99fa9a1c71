"""Recorders at the edge: codes that are good once, and identities of one camera each, kept as digests in one table."""

import hmac
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.base import now, utc_text
from civicam.contracts.errors import NotFound
from civicam.contracts.recorders import TOKEN_SECONDS, Enrolled, Enrolment, Token, TokenRequest, digest_of
from civicam.contracts.recorders import new_code as draw_code
from civicam.contracts.recorders import recorder_id as identify
from civicam.operations.policy import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

CODE_HOURS = 24
_CODE = "code#"


@dataclass(frozen=True)
class Recorder:
    """One identity as it stands."""

    recorder_id: str
    camera_id: str
    enrolled_at: str
    revoked_at: str | None
    seen_at: str | None


@dataclass(frozen=True)
class Recorders:
    """The table by its name. No code, secret or token stands in it: their digests do."""

    table: str
    clock: Callable[[], datetime] = now

    @classmethod
    def from_env(cls) -> Self:
        """The recorders of RECORDERS_TABLE."""
        return cls(setting("RECORDERS_TABLE"))

    def new_code(self, camera_id: str, hours: float = CODE_HOURS) -> str:
        """A code for this camera's recorder; whoever brings it first, in time, is that recorder."""
        code = draw_code()
        clients.dynamodb().put_item(
            TableName=self.table,
            Item={
                "recorder": _s(_CODE + digest_of(code)),
                "camera_id": _s(camera_id),
                "expires_at": {"N": str(self._epoch(timedelta(hours=hours)))},
            },
        )
        return code

    def enrol(self, asked: Enrolment) -> Enrolled:
        """The identity that the code is changed for, by one conditional write; raises Unauthenticated."""
        code = asked.code
        who = identify(code, asked.secret_digest)
        spent = self._update(
            _CODE + digest_of(code),
            "SET used_by = :who",
            "expires_at > :now AND (attribute_not_exists(used_by) OR used_by = :who)",
            {":who": _s(who), ":now": {"N": str(self._epoch())}},
        )
        camera_id = spent["camera_id"]["S"]
        self._begin(who, camera_id, asked.secret_digest)
        return Enrolled(recorder_id=who, camera_id=camera_id)

    def token(self, asked: TokenRequest) -> Token:
        """A token for the secret, which ends with it: the next one counts. Raises Unauthenticated.

        The request may be sent again until the next secret was used: an answer gets lost.
        """
        token = f"{asked.recorder_id}.{secrets.token_urlsafe(32)}"
        until = self.clock() + timedelta(seconds=TOKEN_SECONDS)
        self._update(
            asked.recorder_id,
            "SET old_secret = :told, secret = :next, #token = :token, token_until = :until, seen_at = :at",
            "attribute_not_exists(revoked_at) AND (secret = :told OR (old_secret = :told AND secret = :next))",
            {
                ":told": _s(digest_of(asked.secret)),
                ":next": _s(asked.next_digest),
                ":token": _s(digest_of(token)),
                ":until": {"N": str(int(until.timestamp()))},
                ":at": _s(utc_text(self.clock())),
            },
            {"#token": "token"},
        )
        return Token(token=token, expires_at=until)

    def verified(self, token: str) -> Recorder:
        """Whose token it is; raises Unauthenticated for one that nobody gave, that ended or was revoked."""
        who = token.partition(".")[0]
        item = self._find(who) if who.isalnum() else None
        if not item or "token" not in item or "revoked_at" in item:
            raise Unauthenticated
        is_right = hmac.compare_digest(item["token"]["S"], digest_of(token))
        if not is_right or int(item["token_until"]["N"]) <= self._epoch():
            raise Unauthenticated
        return _recorder(item)

    def revoke(self, recorder_id: str) -> None:
        """From this moment on the identity opens nothing; again is no effect. Raises NotFound."""
        try:
            self._update(
                recorder_id,
                "SET revoked_at = if_not_exists(revoked_at, :at) REMOVE #token",
                "attribute_exists(secret)",
                {":at": _s(utc_text(self.clock()))},
                {"#token": "token"},
            )
        except Unauthenticated as error:
            raise NotFound(f"there is no recorder {recorder_id}: `civicam edge list` names them") from error

    def all(self) -> Iterator[Recorder]:
        """Every identity, in no order."""
        for page in clients.dynamodb().get_paginator("scan").paginate(TableName=self.table):
            yield from (_recorder(item) for item in page["Items"] if "secret" in item)

    def _begin(self, who: str, camera_id: str, secret_digest: str) -> None:
        """Write the identity, unless it stands: the request came twice."""
        try:
            clients.dynamodb().put_item(
                TableName=self.table,
                Item={
                    "recorder": _s(who),
                    "camera_id": _s(camera_id),
                    "secret": _s(secret_digest),
                    "enrolled_at": _s(utc_text(self.clock())),
                },
                ConditionExpression="attribute_not_exists(recorder)",
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return

    def _find(self, who: str) -> "Mapping[str, AttributeValueTypeDef] | None":
        answer = clients.dynamodb().get_item(TableName=self.table, Key={"recorder": _s(who)}, ConsistentRead=True)
        return answer.get("Item")

    def _update(
        self,
        key: str,
        change: str,
        when: str,
        values: "dict[str, AttributeValueTypeDef]",
        names: dict[str, str] | None = None,
    ) -> "Mapping[str, AttributeValueTypeDef]":
        more = {"ExpressionAttributeNames": names} if names else {}
        try:
            answer = clients.dynamodb().update_item(
                TableName=self.table,
                Key={"recorder": _s(key)},
                UpdateExpression=change,
                ConditionExpression=when,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
                **more,  # type: ignore[arg-type]
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException as error:
            raise Unauthenticated from error
        return answer["Attributes"]

    def _epoch(self, after: timedelta = timedelta(0)) -> int:
        return int((self.clock() + after).timestamp())


def _s(text: str) -> "AttributeValueTypeDef":
    return {"S": text}


def _recorder(item: "Mapping[str, AttributeValueTypeDef]") -> Recorder:
    optional = {name: item[name]["S"] if name in item else None for name in ("revoked_at", "seen_at")}
    return Recorder(
        recorder_id=item["recorder"]["S"],
        camera_id=item["camera_id"]["S"],
        enrolled_at=item["enrolled_at"]["S"],
        revoked_at=optional["revoked_at"],
        seen_at=optional["seen_at"],
    )
