"""Dead letters: a queue for what failed to the last try, and the alarm that watches it."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.city_stack import FIVE_MINUTES, CityStack, camel
from infra.constructs.worker import accept


class DeadLetters(Construct):
    """Keeps what it gets for two weeks and wakes somebody; its address is the output <Name>DeadLettersUrl."""

    def __init__(self, stack: CityStack, name: str, *, fifo: bool = False) -> None:
        super().__init__(stack, f"{camel(name)}DeadLetters")
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            fifo=fifo or None,
            retention_period=Duration.days(14),
        )
        accept(self.queue, "AwsSolutions-SQS3", "dead letters end here: a person reads and redrives them")
        stack.wake_up(
            self,
            self.queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES, statistic="Maximum"),
            when=f"{name} has dead letters: read them, mend the cause, redrive them",
        )
        stack.publish(f"{name}_dead_letters_url", self.queue.queue_url)
