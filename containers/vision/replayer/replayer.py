"""A batch from its order to its end."""

from functools import cache
from threading import Event
from typing import Literal

from civicam.aws.models import load_clip_detector
from civicam.aws.replay_batch import ReplayBatch
from civicam.aws.replays import Replays
from civicam.contracts.replay import BatchOrder


def work_off(order: BatchOrder, stop: Event) -> Literal["done", "not wanted", "interrupted"]:
    """What became of the batch. Raises Rejected where a model that the replay names cannot be had."""
    replays = Replays.from_env()
    if replays.is_done(order):
        return "done"
    if not replays.goes_on(order):
        return "not wanted"
    overrides = replays.get(order.run).wish.overrides
    detector = cache(lambda: load_clip_detector({str(task): name for task, name in overrides.models.items()}))
    if overrides.models:
        detector()  # before any clip: a model that cannot be had is no clip's fault
    if ReplayBatch.from_env(overrides, detector).run(order, stop):
        return "done"
    return "interrupted" if replays.goes_on(order) else "not wanted"
