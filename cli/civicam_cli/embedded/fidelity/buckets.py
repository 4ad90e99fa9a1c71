"""Buckets outlive the stacks: CloudFormation takes over what is there, and deletes none that holds objects.

After a crash only S3 is left, and the stacks are created again over it. On AWS that is an import; ministack's
CloudFormation, as AWS's without one, refuses a name that exists. And it deletes a full bucket, objects and all, when
a stack is rolled back, which AWS refuses (BucketNotEmpty): the place where a failed deployment could lose footage.
"""

from typing import Any

from ministack.services import s3
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]


def install() -> None:
    """Replace the handlers of AWS::S3::Bucket."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def take_over(logical_id: str, properties: Properties, stack_name: str) -> Any:
        name = properties.get("BucketName")
        if name and name in s3._buckets:
            return update(name, {}, properties, stack_name)
        return create(logical_id, properties, stack_name)

    def refuse_to_lose(physical_id: str, properties: Properties) -> Any:
        if s3._buckets.get(physical_id, {}).get("objects"):
            raise ValueError(f"BucketNotEmpty: {physical_id} holds objects")
        return delete(physical_id, properties)

    handlers.update({"create": take_over, "delete": refuse_to_lose})
    provisioners.s3_bucket_name_conflict = _no_conflict


def _no_conflict(_name: str) -> None:
    """An existing name is no reason to refuse a change set."""
