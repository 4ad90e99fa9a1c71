"""Clips that wait for a GPU -> their boxes in the work store, announced as AnalyseClip does for the other tier."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event

from aws_lambda_powertools import Logger

from civicam.aws.detect_queue import Announcement, DetectQueue, Message
from civicam.aws.detecting import DetectOrder, LooksAtPacks, detect_clip
from civicam.aws.work import WorkStore
from civicam.vision.orders import SampledClip

logger = Logger()


@dataclass(frozen=True)
class Worker:
    """Takes one clip at a time until it is told to stop; the one in hand is then finished."""

    queue: DetectQueue
    detectors: Mapping[str, LooksAtPacks]
    work: WorkStore
    announce: Callable[[SampledClip], None]

    @classmethod
    def from_env(cls, detectors: Mapping[str, LooksAtPacks]) -> "Worker":
        """With the stack's queues and stores; `detectors` by the name of their pass."""
        return cls(DetectQueue.from_env(), detectors, WorkStore.from_env(), Announcement.from_env().send)

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            message = self.queue.take()
            if message is None:
                continue
            if stop.is_set():
                self.queue.hide(message, 0)
            else:
                self.handle(message)

    def handle(self, message: Message) -> None:
        """One clip: detected, announced, worked off; whatever goes wrong with it, the next one gets its turn."""
        try:
            with self.queue.held(message):
                clip = SampledClip.model_validate_json(message.body)
                self._detect(clip)
                self.announce(clip)
            self.queue.done(message)
        except Exception as error:
            logger.exception("clip not detected: it returns to the queue, or to the dead letters after the last try")
            self.queue.put_back(message, error)

    def _detect(self, clip: SampledClip) -> None:
        for name, order in clip.passes.items():
            wanted = DetectOrder(clip_id=clip.clip_id, pack_uri=order.pack, boxes_uri=order.boxes_uri)
            detection = detect_clip(wanted, self.detectors[name], self.work)
            logger.info("clip detected", clip_id=clip.clip_id, **detection.model_dump())
