"""One batch of a replay, told in BATCH: `python -m containers.vision.replayer`. At SIGTERM it ends the clip in hand."""

import signal
import sys
from threading import Event

from civicam.aws.environment import setting
from civicam.aws.lines import city_logger
from civicam.contracts.replay import BatchOrder
from containers.vision.replayer.replayer import work_off

logger = city_logger()


def main() -> int:
    """0 where the batch is done or nobody wants it any more; 75 where it was interrupted, so that it is tried again."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    order = BatchOrder.model_validate_json(setting("BATCH"))
    outcome = work_off(order, stop)
    logger.info("batch ended", run=order.run, batch=order.batch.batch, outcome=outcome)
    return 75 if outcome == "interrupted" else 0


if __name__ == "__main__":
    sys.exit(main())
