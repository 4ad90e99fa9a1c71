"""Micro-batches: what several clips ask of one network within a few milliseconds runs there at once."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread

import numpy as np

from civicam.runtime.network import Network
from civicam.vision.boxes import Floats, Pixels

MOST_PICTURES = 16
WAIT_SECONDS = 0.005
"""How long the first picture of a batch waits for others. A GPU takes about as long for one picture."""
Outputs = Mapping[str, Floats]


@dataclass(frozen=True)
class _Asked:
    pixels: Pixels
    answer: Future[Outputs] = field(default_factory=Future)


class Batches:
    """A network that gains by batches, shared by the threads that each look at a clip of their own.

    Pictures of one canvas make a batch, of a power of two with black ones in the empty places: a GPU's libraries
    prepare themselves anew for each shape that they see. Where a batch fails, each picture is tried alone, so that
    one clip's trouble is not its mates'.
    """

    gains_by_batches = True

    def __init__(self, network: Network, *, most: int = MOST_PICTURES, wait_seconds: float = WAIT_SECONDS) -> None:
        """`most` is a power of two."""
        self._network, self._wait = network, wait_seconds
        self._sizes = tuple(1 << power for power in range(most.bit_length()))
        self._asked: SimpleQueue[_Asked] = SimpleQueue()
        Thread(target=self._serve, daemon=True, name="batches").start()

    @property
    def provider(self) -> str:
        """Where the network really runs."""
        return self._network.provider

    @property
    def precision(self) -> str:
        """The arithmetic that the network runs in."""
        return self._network.precision

    @property
    def takes_bytes(self) -> bool:
        """As the network does."""
        return self._network.takes_bytes

    def run(self, pixels: Pixels) -> Outputs:
        """The network's outputs for one picture; raises what the network raises."""
        asked = _Asked(pixels)
        self._asked.put(asked)
        return asked.answer.result()

    def warm_up(self, pixels: Pixels) -> None:
        """Run a batch of each size with the shape of this picture, so that no clip waits for that later."""
        for size in self._sizes:
            self._network.run(np.repeat(pixels, size, axis=0))

    def _serve(self) -> None:
        while True:
            together: dict[tuple[int, ...], list[_Asked]] = {}
            for asked in self._collect():
                together.setdefault(asked.pixels.shape, []).append(asked)
            for batch in together.values():
                self._answer(batch)

    def _collect(self) -> Sequence[_Asked]:
        """As many as make a full batch, or came while the first one could wait."""
        collected = [self._asked.get()]
        until = time.monotonic() + self._wait
        while len(collected) < self._sizes[-1]:
            try:
                collected.append(self._asked.get(timeout=max(0.0, until - time.monotonic())))
            except Empty:
                break
        return collected

    def _answer(self, batch: Sequence[_Asked]) -> None:
        try:
            outputs = self._network.run(self._filled(batch))
        except Exception as error:  # whatever it is, it is the answer to who asked
            if len(batch) == 1:
                batch[0].answer.set_exception(error)
            for asked in batch if len(batch) > 1 else ():
                self._answer([asked])
            return
        for place, asked in enumerate(batch):
            asked.answer.set_result({name: found[place : place + 1] for name, found in outputs.items()})

    def _filled(self, batch: Sequence[_Asked]) -> Pixels:
        if len(batch) == 1:
            return batch[0].pixels
        size = next(size for size in self._sizes if size >= len(batch))
        filled = np.zeros((size, *batch[0].pixels.shape[1:]), batch[0].pixels.dtype)
        for place, asked in enumerate(batch):
            filled[place] = asked.pixels[0]
        return filled
