"""What the city is told of a clip that the GPU tier's worker had in hand: its boxes are there, or it was given up."""

from dataclasses import dataclass
from typing import Self

from civicam.aws import clients
from civicam.aws.bus import Bus
from civicam.aws.claims import Claims, ClipState
from civicam.aws.environment import setting
from civicam.contracts.base import now
from civicam.contracts.errors import NotFound
from civicam.contracts.facts import CloudEvent
from civicam.contracts.ids import LIVE
from civicam.vision.abandonment import abandoned
from civicam.vision.orders import SampledClip


@dataclass(frozen=True)
class DetectedClips:
    """The bus, the queue of judge_clip, and the clips' claims. Whatever is said twice has the effect of once."""

    bus: Bus
    judge_queue_url: str
    claims: Claims

    @classmethod
    def from_env(cls) -> Self:
        """By BUS_NAME, JUDGE_QUEUE_URL and CLIPS_TABLE."""
        return cls(Bus.from_env(), setting("JUDGE_QUEUE_URL"), Claims.from_env())

    def is_judged(self, clip: SampledClip) -> bool:
        """Whether another message has brought its facts already (the sweeper announces again what waits for long)."""
        if clip.detected.data.run != LIVE:
            return False
        try:
            return self.claims.get(clip.clip_id).state is ClipState.JUDGED
        except NotFound:
            return False

    def announce(self, clip: SampledClip) -> None:
        """Tell judge_clip, in the order of the camera, that every pass has put its boxes there."""
        clients.sqs().send_message(
            QueueUrl=self.judge_queue_url,
            MessageBody=clip.detected.model_dump_json(),
            MessageGroupId=clip.camera_id,
            MessageDeduplicationId=clip.detected.id,
        )

    def give_up(self, clip: SampledClip, *, message_id: str, tries: int, error: Exception) -> None:
        """Say that its last try failed, and that it lies in the dead letters."""
        fact = abandoned(clip.detected.data, message_id=message_id, tries=tries, error=error, at=now())
        self.claims.abandon(fact.clip_id, fact.error)
        self.bus.publish([CloudEvent.of(fact)])
