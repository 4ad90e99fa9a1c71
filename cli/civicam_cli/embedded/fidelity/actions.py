"""What a call is authorized as: its action and resource, as the Service Authorization Reference has them.

ministack asks for the right to `sqs:SendMessageBatch`, which no policy on AWS could name: a batch of messages needs the
right to one. And it takes a Glue database, where a call is about one, for a table.
"""

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions

AUTHORIZED_AS = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}
ON_A_DATABASE = {"GetDatabase", "UpdateDatabase", "DeleteDatabase"}


def install() -> None:
    """Wrap what tells the action and the resource of a request."""
    action_of, resource_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def action(*request: Any) -> str | None:
        name: str | None = action_of(*request)
        return AUTHORIZED_AS.get(name, name) if name else name

    def resource(service: str, *request: Any) -> str:
        arn: str = resource_of(service, *request)
        return _database(arn, *request) if service == "glue" else arn

    iam_actions.extract_iam_action, iam_actions.extract_resource_arn = action, resource


def _database(arn: str, _method: str, _path: str, headers: Mapping[str, str], body: bytes, *_: Any) -> str:
    if headers.get("x-amz-target", "").rpartition(".")[2] not in ON_A_DATABASE:
        return arn
    return f"{arn.rpartition(':')[0]}:database/{json.loads(body)['Name']}"
