"""Clips that wait for a GPU -> their boxes in the work store, announced as AnalyseClip does for the other tier."""

from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread

from pydantic import ValidationError

from civicam.aws.detect_queue import LONGEST_SECONDS, DetectQueue, InHand, Message
from civicam.aws.detected_clips import DetectedClips
from civicam.aws.detecting import LooksAtClips, detect_clip
from civicam.aws.lines import city_logger
from civicam.aws.work import WorkStore
from civicam.vision.orders import SampledClip

SUSPECT_TRIES = 4
"""A clip that was tried so often may be what ends workers: from now on it is looked at alone."""
logger = city_logger()


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often a clip is tried, and how long is waited for it."""

    tries: int
    drain_seconds: float = 75
    """After the signal: Spot takes an instance back 120 s after its warning."""
    longest_seconds: float = LONGEST_SECONDS


class Worker:
    """Takes clips as long as a hand is free for them, a thread to each hand, until it is told to stop."""

    def __init__(
        self,
        queue: DetectQueue,
        hands: Sequence[LooksAtClips],
        *,
        work: WorkStore,
        clips: DetectedClips,
        patience: Patience,
    ) -> None:
        """`hands` are as many as clips at once."""
        self._queue, self._work, self._clips, self._patience = queue, work, clips, patience
        self._hands = tuple(hands)
        self._begun: SimpleQueue[Message | None] = SimpleQueue()
        self._in_hand = InHand(queue, most=len(hands), longest_seconds=patience.longest_seconds)

    def run(self, stop: Event) -> bool:
        """Work until `stop` is set, or a clip hangs; whether all that was in hand was finished then.

        What was not is given back: another worker finds it in the queue at once.
        """
        for hand in self._hands:  # a runtime may keep something for each thread that runs it: they stay the same
            Thread(target=self._serve, args=(hand,), daemon=True).start()
        with self._in_hand.kept_hidden():
            while not (stop.is_set() or self._in_hand.hanging):
                if room := self._in_hand.room(timeout=1):
                    self._begin(self._queue.take(room), stop)
            return self._drained()

    def _begin(self, messages: Sequence[Message], stop: Event) -> None:
        self._in_hand.add(messages)
        trusted = [message for message in messages if message.tries < SUSPECT_TRIES]
        suspects = [message for message in messages if message.tries >= SUSPECT_TRIES]
        for message in trusted:
            self._begin_one(message, stop)
        for before, message in enumerate(suspects):
            self._in_hand.falls_to(len(suspects) - before, self._patience.longest_seconds)
            self._begin_one(message, stop)
        if suspects:
            self._in_hand.falls_to(0, self._patience.longest_seconds)

    def _begin_one(self, message: Message, stop: Event) -> None:
        if stop.is_set():
            self._queue.give_back([message])
            self._in_hand.let_go(message)
        else:
            self._begun.put(message)

    def _serve(self, hand: LooksAtClips) -> None:
        while message := self._begun.get():
            self._handle(message, hand)

    def _handle(self, message: Message, hand: LooksAtClips) -> None:
        """One clip: detected, announced, worked off; whatever goes wrong with it is its own trouble."""
        try:
            self._look(SampledClip.model_validate_json(message.body), hand)
            self._queue.done(message)
        except Exception as error:
            logger.exception("clip not detected: it returns to the queue, or to the dead letters after the last try")
            self._put_back(message, error)
        finally:
            self._in_hand.let_go(message)

    def _look(self, clip: SampledClip, hand: LooksAtClips) -> None:
        if self._clips.is_judged(clip):
            logger.info("clip let go: it is judged", clip_id=clip.clip_id)
            return
        order = clip.order
        passes = detect_clip(clip.clip_id, self._work.pack(order.pack_uri), order.boxes, detector=hand, work=self._work)
        logger.info(
            "clip detected", clip_id=clip.clip_id, passes={name: one.model_dump() for name, one in passes.items()}
        )
        self._clips.announce(clip)

    def _put_back(self, message: Message, error: Exception) -> None:
        try:
            if message.tries >= self._patience.tries and not isinstance(error, ValidationError):
                clip = SampledClip.model_validate_json(message.body)
                self._clips.give_up(clip, message_id=message.message_id, tries=message.tries, error=error)
            self._queue.put_back(message, error)
        except Exception:
            logger.exception("clip not put back: it returns by itself when its time is over")

    def _drained(self) -> bool:
        self._in_hand.falls_to(len(self._in_hand.hanging), self._patience.drain_seconds)
        for _ in self._hands:
            self._begun.put(None)
        left = self._in_hand.messages
        if left:
            logger.error("clips given back unfinished", clips=len(left))
            self._queue.give_back(left)
        return not left
