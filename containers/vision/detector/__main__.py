"""The GPU tier's process: `python -m containers.vision.detector`. At SIGTERM it finishes what it has in hand."""

import os
import signal
from threading import Event
from typing import NoReturn

from civicam.aws.detect_queue import DetectQueue
from civicam.aws.detected_clips import DetectedClips
from civicam.aws.environment import setting
from civicam.aws.lines import city_logger
from civicam.aws.models import load_clip_detector
from civicam.aws.work import WorkStore
from containers.vision.detector.hands import ready_hands
from containers.vision.detector.worker import Patience, Worker

logger = city_logger()


def main() -> None:
    """The worker of this stack."""
    queue, work, clips = DetectQueue.from_env(), WorkStore.from_env(), DetectedClips.from_env()
    patience = Patience(tries=int(setting("DETECT_TRIES")))
    run(Worker(queue, ready_hands(load_clip_detector()), work=work, clips=clips, patience=patience))


def run(worker: Worker) -> NoReturn:
    """Work until the signal. The process ends with 1 where a clip hung or could not be finished."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    logger.info("ready for clips")
    finished = worker.run(stop)
    logger.info("drained", finished=finished)
    os._exit(0 if finished else 1)  # not by way of threads that may hang


if __name__ == "__main__":
    main()
