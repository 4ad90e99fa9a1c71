"""The GPU tier's queue, seen from its worker: several clips in hand, hidden from others for as long as it lives."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Event, Thread
from typing import Self

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.queues import MESSAGES_PER_CALL, FailedMessage, hide_all, try_later
from civicam.backbone.backoff import Backoff

POLL_SECONDS = 5
"""A long poll, and the longest that a worker takes to see that it shall stop."""
HIDDEN_SECONDS = 60
"""How long a message stays hidden after the last sign of life: a killed worker's clip is another's a minute later."""
BEAT_SECONDS = 20
LONGEST_SECONDS = 240
"""What takes longer hangs: it is kept from the others no more."""
RETRY = Backoff(first_seconds=10)
logger = Logger(child=True)


@dataclass(frozen=True)
class Message:
    """One message in hand."""

    message_id: str
    body: str
    receipt_handle: str
    tries: int


@dataclass(frozen=True)
class DetectQueue:
    """The queue of clips that wait for a GPU."""

    url: str
    poll_seconds: int = POLL_SECONDS
    hidden_seconds: int = HIDDEN_SECONDS

    @classmethod
    def from_env(cls) -> Self:
        """The queue of DETECT_QUEUE_URL."""
        return cls(setting("DETECT_QUEUE_URL"))

    def take(self, most: int = 1) -> list[Message]:
        """The next messages, at most ten; none where none came within the poll."""
        answer = clients.sqs().receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=min(most, MESSAGES_PER_CALL),
            WaitTimeSeconds=self.poll_seconds,
            VisibilityTimeout=self.hidden_seconds,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [
            Message(
                message_id=message["MessageId"],
                body=message["Body"],
                receipt_handle=message["ReceiptHandle"],
                tries=int(message["Attributes"]["ApproximateReceiveCount"]),
            )
            for message in answer.get("Messages", [])
        ]

    def done(self, message: Message) -> None:
        """It is worked off: nobody gets it again."""
        clients.sqs().delete_message(QueueUrl=self.url, ReceiptHandle=message.receipt_handle)

    def keep(self, messages: Sequence[Message]) -> None:
        """Nobody else may have them for another while."""
        hide_all(self.url, [message.receipt_handle for message in messages], self.hidden_seconds)

    def give_back(self, messages: Sequence[Message]) -> None:
        """Anybody may have them at once."""
        hide_all(self.url, [message.receipt_handle for message in messages], 0)

    def put_back(self, message: Message, error: Exception) -> None:
        """It failed: it returns when its wait is over; after the queue's number of tries it is a dead letter."""
        try_later(self.url, [FailedMessage(message.receipt_handle, message.tries, error)], RETRY)


class InHand:
    """The messages that a worker has in hand, each kept hidden until it is let go or has taken too long."""

    def __init__(self, queue: DetectQueue, *, most: int, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._queue, self._most, self._longest = queue, most, longest_seconds
        self._since: dict[Message, float] = {}
        self._changed = Condition()

    @property
    def messages(self) -> tuple[Message, ...]:
        """All of them."""
        with self._changed:
            return tuple(self._since)

    @property
    def hanging(self) -> tuple[Message, ...]:
        """Those that have taken too long."""
        with self._changed:
            return tuple(one for one, since in self._since.items() if time.monotonic() - since > self._longest)

    def add(self, messages: Sequence[Message]) -> None:
        """These are in hand from now on."""
        with self._changed:
            self._since |= dict.fromkeys(messages, time.monotonic())

    def let_go(self, message: Message) -> None:
        """It is worked off, or put back."""
        with self._changed:
            self._since.pop(message, None)
            self._changed.notify_all()

    def room(self, timeout: float) -> int:
        """How many more may be taken in hand; 0 where no place became free in time."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._since) < self._most, timeout)
            return self._most - len(self._since)

    def falls_to(self, count: int, timeout: float) -> bool:
        """Whether no more than `count` are in hand, at last within this time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._since) <= count, timeout)

    @contextmanager
    def kept_hidden(self, every: float = BEAT_SECONDS) -> Iterator[None]:
        """Keep what is in hand hidden, as long as the block takes."""
        over = Event()
        beat = Thread(target=self._beat, args=(every, over), daemon=True)
        beat.start()
        try:
            yield
        finally:
            over.set()
            beat.join()

    def _beat(self, every: float, over: Event) -> None:
        while not over.wait(every):
            hanging = set(self.hanging)
            try:
                self._queue.keep([message for message in self.messages if message not in hanging])
            except (BotoCoreError, ClientError) as error:
                logger.warning("no sign of life reached the queue", error=str(error))
