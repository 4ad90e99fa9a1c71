"""Alert rules: every version for ever in the registry bucket, the current one of each in DynamoDB."""

from collections.abc import Iterator
from typing import Self

from botocore.exceptions import ClientError

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.errors import Conflict, NotFound
from civicam.contracts.watch import Rule

PREFIX = "registry/rules/"


class Rules:
    """The city's alert rules. The bucket is the truth, from which the table can be rebuilt."""

    def __init__(self, table: str, bucket: str = "") -> None:
        self._table, self._bucket = table, bucket

    @classmethod
    def from_env(cls) -> Self:
        """For readers: the rules of RULES_TABLE."""
        return cls(setting("RULES_TABLE"))

    @classmethod
    def writable_from_env(cls) -> Self:
        """For writers: RULES_TABLE and the versions in REGISTRY_BUCKET."""
        return cls(setting("RULES_TABLE"), setting("REGISTRY_BUCKET"))

    def get(self, rule_id: str) -> Rule:
        """The current version; raises NotFound."""
        answer = clients.dynamodb().get_item(
            TableName=self._table, Key={"rule_id": {"S": rule_id}}, ConsistentRead=True
        )
        if "Item" not in answer:
            raise NotFound(f"there is no rule {rule_id}")
        return Rule.model_validate_json(answer["Item"]["document"]["S"])

    def of_camera(self, camera_id: str) -> tuple[Rule, ...]:
        """The current rules about one camera, by rule id; empty where there are none."""
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                IndexName="by_camera",
                KeyConditionExpression="camera_id = :camera",
                ExpressionAttributeValues={":camera": {"S": camera_id}},
            )
        )
        return tuple(Rule.model_validate_json(item["document"]["S"]) for page in pages for item in page["Items"])

    def put(self, rule: Rule) -> Rule:
        """Make this the rule and return it with the version number that it got; the same content again changes nothing.

        Raises Conflict where somebody else changed the rule in between: theirs stands, read it and decide again.
        """
        standing = self._find(rule.rule_id)
        if standing and standing == rule.model_copy(update={"version": standing.version}):
            return standing
        wanted = rule.model_copy(update={"version": standing.version + 1 if standing else 1})
        archived = self._archive(wanted)
        self.make_current(archived)
        if archived != wanted:
            raise Conflict(f"rule {rule.rule_id} was changed by somebody else: read version {archived.version}")
        return wanted

    def make_current(self, rule: Rule) -> None:
        """Write the table's entry; an older version than what stands there is no effect."""
        try:
            clients.dynamodb().put_item(
                TableName=self._table,
                Item={
                    "rule_id": {"S": rule.rule_id},
                    "camera_id": {"S": rule.camera_id},
                    "version": {"N": str(rule.version)},
                    "document": {"S": rule.model_dump_json()},
                },
                ConditionExpression="attribute_not_exists(rule_id) OR version < :version",
                ExpressionAttributeValues={":version": {"N": str(rule.version)}},
            )
        except clients.dynamodb().exceptions.ConditionalCheckFailedException:
            return

    def archived(self) -> Iterator[Rule]:
        """The newest archived version of every rule, by id: what the table is rebuilt from."""
        newest: dict[str, str] = {}
        for page in clients.s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX):
            newest |= {item["Key"].split("/")[2]: item["Key"] for item in page.get("Contents", [])}
        for key in newest.values():
            yield self._read(key)

    def _find(self, rule_id: str) -> Rule | None:
        try:
            return self.get(rule_id)
        except NotFound:
            return None

    def _archive(self, rule: Rule) -> Rule:
        """What stands in the archive under this version number: this rule, or what another writer put there first."""
        key = f"{PREFIX}{rule.rule_id}/{rule.version:08d}.json"
        body = rule.model_dump_json().encode()
        try:
            clients.s3().put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*"
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in {409, 412}:
                raise
            return self._read(key)
        return rule

    def _read(self, key: str) -> Rule:
        return Rule.model_validate_json(clients.s3().get_object(Bucket=self._bucket, Key=key)["Body"].read())
