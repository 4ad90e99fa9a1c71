"""A queue, its dead letters, and the alarm that watches them; and the function that reads it."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.city_function import CityFunction
from infra.constructs.city_stack import FIVE_MINUTES, CityStack, camel
from infra.constructs.dead_letters import DeadLetters
from infra.constructs.worker import Worker, allow


@dataclass(frozen=True, kw_only=True)
class Tries:
    """How often a message is tried, and how many seconds one try may take (the reader's time limit and some)."""

    times: int = 5
    seconds: int = 180


class FactQueue(Construct):
    """The queue <name>: CLIP_QUEUE_URL in the environment of who sends, ClipQueueUrl among the outputs."""

    def __init__(self, stack: CityStack, name: str, *, tries: Tries = Tries(), fifo: bool = False) -> None:
        super().__init__(stack, f"{camel(name)}Queue")
        self._stack, self._name = stack, name
        self.variable, self.tries = f"{name.upper()}_QUEUE_URL", tries
        self.dead_letters = DeadLetters(stack, name, fifo=fifo)
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            fifo=fifo or None,
            visibility_timeout=Duration.seconds(tries.seconds),
            retention_period=Duration.days(4),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters.queue, max_receive_count=tries.times),
        )
        stack.publish(self.variable, self.queue.queue_url)

    def grant_send(self, worker: Worker) -> None:
        """Let it send, and tell it where."""
        allow(worker, ["sqs:SendMessage"], self.queue.queue_arn)
        worker.tell(self.variable, self.queue.queue_url)

    def grant_receive(self, worker: Worker) -> None:
        """Let it take messages itself (a container; a function is fed), and tell it where."""
        allow(worker, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"], self.queue.queue_arn)
        worker.tell(self.variable, self.queue.queue_url)

    def grant_measure(self, worker: Worker) -> None:
        """Let it see how much waits, and tell it where."""
        allow(worker, ["sqs:GetQueueAttributes"], self.queue.queue_arn)
        worker.tell(self.variable, self.queue.queue_url)

    def wake_up_when_older(self, seconds: int) -> None:
        """Somebody is told when the oldest message has waited so long."""
        age = self.queue.metric_approximate_age_of_oldest_message(period=FIVE_MINUTES, statistic="Maximum")
        self._stack.wake_up(self, age, when=f"{self._name} has a backlog: messages wait for long", at_least=seconds)

    def feed(self, function: CityFunction, *, batch: int = 1, window_seconds: int = 0) -> None:
        """Let the function read batches, as many at once as it is reserved; what it names as failed returns alone.

        It returns when it is visible again, which the function may hasten or put off: therefore it is told the queue.
        """
        function.tell(self.variable, self.queue.queue_url)
        function.function.add_event_source(
            sources.SqsEventSource(
                self.queue,
                batch_size=batch,
                max_batching_window=Duration.seconds(window_seconds) if window_seconds else None,
                max_concurrency=function.bounds.at_once,
                report_batch_item_failures=True,
            )
        )
