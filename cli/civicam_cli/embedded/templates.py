"""What a template's values are once it is deployed: references become the names and ARNs that they stand for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from civicam_cli.deployment import REGION
from civicam_cli.embedded.aws import ACCOUNT, client
from civicam_cli.embedded.city import City

PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
_INTRINSICS = {"Ref", "Fn::GetAtt", "Fn::ImportValue", "Fn::Join", "Fn::Sub", "Fn::If", "Fn::Select", "Fn::Split"}
_ARNS = {
    "AWS::KMS::Key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
}


@dataclass(frozen=True)
class Deployed:
    """The resources of one deployed stack, and what other stacks export."""

    stack: str
    names: Mapping[str, str]
    """Logical id -> physical id."""
    types: Mapping[str, str]
    exports: Mapping[str, str]

    @classmethod
    def read(cls, city: City, stack: str) -> "Deployed":
        """As the emulator's CloudFormation tells it."""
        formation = client(city, "cloudformation")
        resources = formation.describe_stack_resources(StackName=stack)["StackResources"]
        pages = formation.get_paginator("list_exports").paginate()
        return cls(
            stack,
            {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources},
            {one["LogicalResourceId"]: one["ResourceType"] for one in resources},
            {one["Name"]: one["Value"] for page in pages for one in page["Exports"]},
        )

    def value(self, expression: Any) -> Any:
        """A property's value; raises KeyError for a reference that cannot be known here."""
        match expression:
            case list():
                return [self.value(part) for part in expression]
            case dict() if len(expression) == 1 and next(iter(expression)) in _INTRINSICS:
                return self._intrinsic(expression)
            case dict():
                return {name: self.value(part) for name, part in expression.items()}
        return expression

    def _intrinsic(self, expression: dict[str, Any]) -> Any:
        match expression:
            case {"Ref": name}:
                return PSEUDO.get(name) or self.names[name]
            case {"Fn::GetAtt": [name, "Arn"]}:
                return _ARNS[self.types[name]].format(self.names[name])
            case {"Fn::ImportValue": name}:
                return self.exports[self.value(name)]
            case {"Fn::Join": [separator, parts]}:
                return separator.join(str(self.value(part)) for part in parts)
        raise KeyError(f"{expression} in stack {self.stack}")
