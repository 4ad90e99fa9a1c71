"""A batch of messages needs the right to one: IAM knows no actions of their own for SQS's and SNS's batch calls.

ministack asks for `sqs:SendMessageBatch`, which no policy on AWS could name (Service Authorization Reference).
"""

from typing import Any

from ministack.core import iam_actions

AUTHORIZED_AS = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}


def install() -> None:
    """Wrap what tells the action of a request."""
    extract = iam_actions.extract_iam_action

    def action(*request: Any) -> str | None:
        name: str | None = extract(*request)
        return AUTHORIZED_AS.get(name, name) if name else name

    iam_actions.extract_iam_action = action
