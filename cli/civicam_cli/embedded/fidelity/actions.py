"""What a call is authorized as: its action, as the Service Authorization Reference has it.

ministack asks for the right to `sqs:SendMessageBatch`, which no policy on AWS could name: a batch of messages needs the
right to one.
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
    action_of = iam_actions.extract_iam_action

    def action(*request: Any) -> str | None:
        name: str | None = action_of(*request)
        return AUTHORIZED_AS.get(name, name) if name else name

    iam_actions.extract_iam_action = action
