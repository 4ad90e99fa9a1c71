"""One batch of a replay: stored clips, one after the other, looked at and judged once more beside their first facts."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event
from typing import Self

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from civicam.aws.claims import Claims, Clip
from civicam.aws.detecting import LooksAtClips
from civicam.aws.judging_line import JudgingLine
from civicam.aws.replay_looking import ReplayLooking
from civicam.aws.replays import Replays
from civicam.contracts.base import now
from civicam.contracts.errors import Rejected, Unavailable
from civicam.contracts.replay import BatchDone, BatchOrder, ClipFailure, Overrides

logger = Logger(child=True)
TRIES = 3
FAILURES_TOLD = 100
"""Of a batch: more of them have one cause, and would not fit into the marker."""
PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class ReplayBatch:
    """What a task works with. Every step may be repeated: what is judged in this run is not judged again."""

    replays: Replays
    claims: Claims
    looking: ReplayLooking
    line: JudgingLine

    @classmethod
    def from_env(cls, overrides: Overrides, detector: Callable[[], LooksAtClips]) -> Self:
        """With this stack's tables and stores; `detector` gives one when it is asked for."""
        line = JudgingLine.from_env(overrides, shared=True)
        return cls(Replays.from_env(), Claims.from_env(), ReplayLooking.from_env(line, detector), line)

    def run(self, order: BatchOrder, stop: Event) -> bool:
        """Work through the batch. False where it was told to stop before its end: then no marker says that it is done.

        A clip that fails is noted with its reason, and the next one has its turn.
        """
        batch = order.batch
        failures: list[ClipFailure] = []
        for clip in self.claims.captured(batch.camera_id, batch.start, batch.end):
            if stop.is_set() or not self.replays.goes_on(order):
                return False
            failures.extend(self._tried(clip, order.run))
        done = BatchDone(
            batch=batch.batch,
            camera_id=batch.camera_id,
            clips=batch.clips,
            failed=len(failures),
            failures=tuple(failures[:FAILURES_TOLD]),
            finished_at=now(),
        )
        self.replays.finish(order.run, done)
        return True

    def _tried(self, clip: Clip, run: str) -> Iterator[ClipFailure]:
        """Nothing where it went well. What AWS refuses is no clip's fault: it ends the batch, for another try."""
        try:
            self._judge(clip, run)
        except (BotoCoreError, ClientError):
            raise
        except Exception as error:
            reason = error.reason if isinstance(error, Rejected) else type(error).__name__
            logger.exception("clip not judged", clip_id=clip.footage.clip_id, run=run, reason=reason)
            yield ClipFailure(
                clip_id=clip.footage.clip_id,
                capture_start=clip.footage.capture_start,
                reason=reason,
                message=str(error)[:500],
            )

    def _judge(self, clip: Clip, run: str) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                standing = self.line.table.of(clip.footage, run)
                detected = standing.detected if standing else self.looking.look(clip, run)
                for judged in self.line.judge(detected):
                    logger.info("clip judged", clip_id=judged.clip.footage.clip_id, run=run, facts=len(judged.facts))
            except Unavailable:
                if attempt == TRIES:
                    raise
                time.sleep(PAUSE_SECONDS * attempt)
            else:
                return
