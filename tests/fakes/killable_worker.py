"""The GPU tier's worker with detectors that need a moment: a process that starts another for each line it reads.

Each of them is forked from one that has all it needs: fifty starts cost seconds, not minutes.
"""

import os
import sys
import time
from collections.abc import Collection

from civicam.aws import clients
from civicam.aws.detect_queue import DetectQueue
from civicam.aws.detected_clips import DetectedClips
from civicam.aws.environment import setting
from civicam.aws.work import WorkStore
from civicam.contracts.vision import ClipBoxes
from civicam.vision.pack import Pack
from containers.vision.detector.__main__ import run
from containers.vision.detector.worker import Patience, Worker
from tests.fakes.detectors import FakeDetector

HANDS = 4
HIDDEN_SECONDS = 15
"""Sooner than the container's minute, for the test's end; not so soon that the same clips are met by every kill."""
MOMENT_SECONDS = 0.04


def main(reports: int) -> None:
    """For each line of the input: `started PID`, `begun` with each clip, at last `ended CODE`."""
    for client in (clients.sqs, clients.s3, clients.dynamodb, clients.events):
        client()
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            work(reports)
        os.write(reports, f"started {pid}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(reports, f"ended {code}\n".encode())


def work(reports: int) -> None:
    """Work as the container does."""

    class Telling(FakeDetector):
        def detect(self, clip_id: str, pack: Pack, passes: Collection[str]) -> dict[str, ClipBoxes]:
            os.write(reports, b"begun\n")
            time.sleep(MOMENT_SECONDS)
            return super().detect(clip_id, pack, passes)

    queue = DetectQueue(setting("DETECT_QUEUE_URL"), poll_seconds=1, hidden_seconds=HIDDEN_SECONDS)
    hands = [Telling() for _ in range(HANDS)]
    patience = Patience(tries=int(setting("DETECT_TRIES")))
    run(Worker(queue, hands, work=WorkStore.from_env(), clips=DetectedClips.from_env(), patience=patience))


if __name__ == "__main__":
    main(int(sys.argv[1]))
