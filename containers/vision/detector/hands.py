"""A worker's hands: detectors for as many clips at once as the machine gains by, ready before the first clip comes."""

import os
from collections.abc import Sequence

from aws_lambda_powertools import Logger
from PIL import Image

from civicam.runtime.canvas import Canvas
from civicam.runtime.detector import Detector
from civicam.runtime.looking import ClipDetector
from civicam.runtime.network import CPU, Network, providers
from civicam.vision.catalogue import Model
from containers.vision.detector.batches import MOST_PICTURES, Batches

USUAL_PICTURE = (1280, 720)
"""What most cameras send has this shape; networks are warmed up with it."""
logger = Logger(child=True)


def ready_hands(loaded: ClipDetector[Detector], wanted: str = providers()[0]) -> Sequence[ClipDetector[Detector]]:
    """Warm detectors: on a GPU a clip for each picture of a full batch, on the CPU a clip for each core.

    `wanted` is the provider that this machine's runtime offers first. A CPU gains nothing by batches and by more than
    one thread a picture (measured), so there each hand works alone.
    """
    networks = {name: _ready(detector.model, detector.network) for name, detector in loaded.detectors.items()}
    running = {name: network.provider for name, network in networks.items()}
    if any(provider != wanted for provider in running.values()):
        logger.error("not every detector runs where it should", wanted=wanted, running=running)
    count = os.cpu_count() or 1 if set(running.values()) == {CPU} else MOST_PICTURES
    batches = {name: isinstance(network, Batches) for name, network in networks.items()}
    logger.info("detectors ready", running=running, batches=batches, clips_at_once=count)
    models = {name: detector.model for name, detector in loaded.detectors.items()}
    return [
        ClipDetector({name: Detector(models[name], network) for name, network in networks.items()})
        for _ in range(count)
    ]


def _ready(model: Model, network: Network) -> Network:
    canvas = Canvas(model.input, as_bytes=network.takes_bytes)
    canvas.lay(Image.new("RGB", USUAL_PICTURE))
    if network.gains_by_batches:
        shared = Batches(network)
        shared.warm_up(canvas.pixels)
        return shared
    network.run(canvas.pixels)
    return network
