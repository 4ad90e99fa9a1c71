"""The GPU tier's queue, seen from its worker: one clip at a time in hand, hidden from others for as long."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError

from civicam.aws import clients
from civicam.aws.bus import Bus
from civicam.aws.environment import setting
from civicam.aws.queues import FailedMessage, postpone, try_later
from civicam.backbone.backoff import Backoff
from civicam.vision.orders import SampledClip

POLL_SECONDS = 5
"""A long poll, and the longest that a worker takes to see that it shall stop."""
HIDDEN_SECONDS = 60
"""How long a message stays hidden after the last sign of life: a killed worker's clip is another's a minute later."""
BEAT_SECONDS = 20
RETRY = Backoff(first_seconds=10)


@dataclass(frozen=True)
class Message:
    """One message in hand."""

    body: str
    receipt_handle: str
    tries: int


@dataclass(frozen=True)
class DetectQueue:
    """The queue of clips that wait for a GPU."""

    url: str
    poll_seconds: int = POLL_SECONDS

    @classmethod
    def from_env(cls) -> Self:
        """The queue of DETECT_QUEUE_URL."""
        return cls(setting("DETECT_QUEUE_URL"))

    def take(self) -> Message | None:
        """The next message; None where none came within the poll."""
        answer = clients.sqs().receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=self.poll_seconds,
            VisibilityTimeout=HIDDEN_SECONDS,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        for message in answer.get("Messages", []):
            tries = int(message["Attributes"]["ApproximateReceiveCount"])
            return Message(message["Body"], message["ReceiptHandle"], tries)
        return None

    def done(self, message: Message) -> None:
        """It is worked off: nobody gets it again."""
        clients.sqs().delete_message(QueueUrl=self.url, ReceiptHandle=message.receipt_handle)

    def hide(self, message: Message, seconds: int) -> None:
        """Somebody else may have it `seconds` from now; 0 gives it back at once."""
        postpone(self.url, message.receipt_handle, seconds)

    def put_back(self, message: Message, error: Exception) -> None:
        """It failed: it returns when its wait is over; after the queue's number of tries it is a dead letter."""
        try_later(self.url, [FailedMessage(message.receipt_handle, message.tries, error)], RETRY)

    @contextmanager
    def held(self, message: Message, every: float = BEAT_SECONDS) -> Iterator[None]:
        """Keep the message hidden for as long as the block takes."""
        over = Event()
        beat = Thread(target=self._beat, args=(message, every, over), daemon=True)
        beat.start()
        try:
            yield
        finally:
            over.set()
            beat.join()

    def _beat(self, message: Message, every: float, over: Event) -> None:
        while not over.wait(every):
            try:
                self.hide(message, HIDDEN_SECONDS)
            except (BotoCoreError, ClientError):
                continue  # the next beat tries again; at worst somebody else has it too, and does the same


@dataclass(frozen=True)
class Announcement:
    """How the news of a clip's boxes goes out: on the bus, and to judge_clip in the order of the camera."""

    bus: Bus
    judge_queue_url: str

    @classmethod
    def from_env(cls) -> Self:
        """By BUS_NAME and JUDGE_QUEUE_URL."""
        return cls(Bus.from_env(), setting("JUDGE_QUEUE_URL"))

    def send(self, clip: SampledClip) -> None:
        """Say that every pass has put its boxes there; said twice, it has the effect of once."""
        self.bus.publish([clip.detected])
        clients.sqs().send_message(
            QueueUrl=self.judge_queue_url,
            MessageBody=clip.detected.model_dump_json(),
            MessageGroupId=clip.camera_id,
            MessageDeduplicationId=clip.detected.id,
        )
