"""CPU seconds and memory of the city's processes, while it runs."""

import contextlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import psutil

from civicam_cli.embedded.city import City

EVERY_SECONDS = 5.0


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """Of these and of the children that they waited for."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


@dataclass
class Meter:
    """What was measured since it began."""

    city: City
    peak_bytes: int = 0
    cpu_s: float = 0.0
    _before: float = 0.0
    _done: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Measure until the block ends."""
        self._before = cpu_seconds(self.city.processes())
        thread = threading.Thread(target=self._watch, name="meter", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()
            self._look()

    def _watch(self) -> None:
        while not self._done.wait(EVERY_SECONDS):
            self._look()

    def _look(self) -> None:
        processes, memory = self.city.processes(), 0
        for process in processes:
            with contextlib.suppress(psutil.Error):
                memory += process.memory_info().rss
        self.peak_bytes = max(self.peak_bytes, memory)
        self.cpu_s = max(self.cpu_s, cpu_seconds(processes) - self._before)
