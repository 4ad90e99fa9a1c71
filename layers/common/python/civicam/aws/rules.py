"""Alert rules: every version for ever in the registry bucket, the current one of each in DynamoDB."""

from collections.abc import Iterator
from typing import Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.versions import Versions
from civicam.contracts.watch import Rule


class Rules:
    """The city's alert rules."""

    def __init__(self, table: str, bucket: str = "") -> None:
        self._table = table
        self._rules = Versions(Rule, table, bucket, indexed=("camera_id",))

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
        return self._rules.current(rule_id)

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
        return tuple(self._rules.of_item(item) for page in pages for item in page["Items"])

    def put(self, rule: Rule) -> Rule:
        """Make this the rule, as `Versions.put` does, and return it with its version number; raises Conflict."""
        return self._rules.put(rule)[0]

    def make_current(self, rule: Rule) -> None:
        """Write the table's entry; an older version than what stands there is no effect."""
        self._rules.make_current(rule)

    def archived(self) -> Iterator[Rule]:
        """The newest archived version of every rule, by id: what the table is rebuilt from."""
        return self._rules.archived()
