"""Queues, seen from a function that one of them calls."""

from civicam.aws import clients


def postpone(queue_url: str, receipt_handle: str, seconds: int) -> None:
    """Keep a message that is being worked on out of sight for this long from now on; 0 puts it back at once."""
    clients.sqs().change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)
