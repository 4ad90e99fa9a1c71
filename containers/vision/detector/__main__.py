"""The GPU tier's process: `python -m containers.vision.detector`. At SIGTERM it finishes the clip in hand and ends."""

import signal
from threading import Event

from aws_lambda_powertools import Logger

from civicam.aws.models import load_detector
from civicam.vision.catalogue import Task
from containers.vision.detector.worker import Worker

logger = Logger()


def main() -> None:
    """Load a detector for each pass, then work until the signal."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker = Worker.from_env({str(task): load_detector(task) for task in Task})
    logger.info("ready for clips")
    worker.run(stop)
    logger.info("drained")


if __name__ == "__main__":
    main()
