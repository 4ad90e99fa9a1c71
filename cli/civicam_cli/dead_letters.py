"""`civicam dead-letters`: what failed every try, why nobody should worry or should, and back into its queue."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import boto3
import typer
from rich.console import Console
from rich.table import Table

from civicam.contracts.errors import NotFound
from civicam_cli.deployment import Deployment, use_deployment

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

app = typer.Typer(no_args_is_help=True, help="Messages that failed to the last try: look, mend the cause, redrive.")
SUFFIX = "DeadLettersUrl"
SHOWN_SECONDS = 5
"""For so long a message that was shown stays hidden from the next look."""


@dataclass(frozen=True)
class DeadLetters:
    """One queue of dead letters: `name` as in CLIP_QUEUE_URL without its end, in lower case."""

    name: str
    url: str
    source_url: str | None
    """The queue that the messages came from; None where they came without one (a schedule, a rule)."""


def dead_letters(deployment: Deployment) -> list[DeadLetters]:
    """Every queue of dead letters of the deployed city, by name."""
    named = {name.removesuffix(SUFFIX): url for name, url in deployment.outputs.items() if name.endswith(SUFFIX)}
    return [
        DeadLetters(_words(name), url, deployment.outputs.get(f"{name}QueueUrl")) for name, url in sorted(named.items())
    ]


@app.command("list")
def list_queues() -> None:
    """How many messages lie in each; exit code 1 where any do."""
    found = dead_letters(use_deployment())
    depths = {letters.name: _depth(letters.url) for letters in found}
    table = Table("dead letters", "messages")
    for name, depth in depths.items():
        table.add_row(name, f"[red]{depth}[/red]" if depth else "0")
    Console().print(table)
    raise typer.Exit(1 if any(depths.values()) else 0)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="As `list` names it.")],
    limit: Annotated[int, typer.Option(help="How many messages, at most.", min=1, max=10)] = 10,
) -> None:
    """Print messages as JSON lines; they stay where they are."""
    letters = _named(name)
    answer = _sqs().receive_message(
        QueueUrl=letters.url,
        MaxNumberOfMessages=limit,
        VisibilityTimeout=SHOWN_SECONDS,
        MessageSystemAttributeNames=["All"],
    )
    for message in answer.get("Messages", []):
        print(json.dumps({"attributes": message.get("Attributes", {}), "body": _json_or_text(message["Body"])}))  # noqa: T201 - the command's output


@app.command()
def redrive(name: Annotated[str, typer.Argument(help="As `list` names it.")]) -> None:
    """Send everything back to the queue that it came from, where it gets all its tries again."""
    letters = _named(name)
    if letters.source_url is None:
        raise NotFound(f"dead letters {name} came from no queue: mend the cause, the next event finds its way")
    moved = move_back(letters)
    Console(stderr=True).print(
        f"{moved} message{'' if moved == 1 else 's'} back in {letters.source_url.rpartition('/')[2]}"
    )


def move_back(letters: DeadLetters) -> int:
    """Move every message back to its queue, and return how many.

    Each is sent before it is deleted: broken off in between, a message is there twice, which does no harm here. (SQS's
    own StartMessageMoveTask would do for an account; this is one way for both.)
    """
    sqs, moved = _sqs(), 0
    while messages := sqs.receive_message(
        QueueUrl=letters.url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], WaitTimeSeconds=1
    ).get("Messages"):
        for message in messages:
            sqs.send_message(QueueUrl=str(letters.source_url), MessageBody=message["Body"], **_fifo(message))
            sqs.delete_message(QueueUrl=letters.url, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved


def _fifo(message: Any) -> dict[str, Any]:
    """What a FIFO queue wants of a message: its group, and an id under which it was not sent in the last minutes."""
    group = message["Attributes"].get("MessageGroupId")
    fresh = f"redriven-{message['MessageId']}"
    return {"MessageGroupId": group, "MessageDeduplicationId": fresh} if group else {}


def _named(name: str) -> DeadLetters:
    found = {letters.name: letters for letters in dead_letters(use_deployment())}
    if name not in found:
        raise NotFound(f"there are no dead letters {name!r}: it is one of {', '.join(found)}")
    return found[name]


def _depth(url: str) -> int:
    attributes = _sqs().get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(attributes["Attributes"]["ApproximateNumberOfMessages"])


def _words(camel: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in camel).lstrip("_")


def _json_or_text(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


def _sqs() -> "SQSClient":
    return boto3.client("sqs")
