"""What the city wants of this recorder's camera, asked for now and then; an outage leaves what was wanted last."""

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, RLock

from pydantic import ValidationError

from civicam.contracts.errors import Unavailable
from civicam.contracts.recorders import Instruction
from containers.cameras.recorder.delivery import Delivery
from containers.cameras.recorder.waiting import wait_seconds

ASK_SECONDS = 600.0
logger = logging.getLogger("recorder")


@dataclass
class Instructions:
    """The city's instruction, kept in a file beside the buffer."""

    delivery: Delivery
    file: Path
    stop: Event
    first_wait_seconds: float = 1.0
    _one_at_a_time: RLock = field(default_factory=RLock, init=False)
    _standing: Instruction | None = field(default=None, init=False)
    _asked_at: float = field(default=float("-inf"), init=False)

    def current(self) -> Instruction | None:
        """What holds now; None where `stop` came before the city had ever answered.

        Before its first answer nothing is known, so it is waited for: pictures that may have to stay are kept nowhere.
        """
        with self._one_at_a_time:
            is_fresh = time.monotonic() - self._asked_at < ASK_SECONDS
            return self._standing if is_fresh else self._ask()

    def forget(self) -> None:
        """Ask again before the next clip: something was refused that was wanted."""
        self._asked_at = float("-inf")

    def _ask(self) -> Instruction | None:
        tries = 0
        while not self.stop.is_set():
            try:
                return self._keep(self.delivery.ask("/camera"))
            except Unavailable as error:
                tries += 1
                if standing := self._standing or self._read():
                    self._standing, self._asked_at = standing, time.monotonic()
                    return standing
                logger.warning("try %d to learn what is wanted: %s", tries, error)
                self.stop.wait(wait_seconds(tries, self.first_wait_seconds))
        return None

    def _keep(self, answer: bytes) -> Instruction:
        try:
            told = Instruction.model_validate_json(answer)
        except ValidationError as error:
            raise Unavailable(f"the city's answer is no instruction: {error.errors()[0]['loc']}") from error
        if told != self._standing:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            draft = self.file.with_suffix(".draft")
            draft.write_text(told.model_dump_json())
            draft.replace(self.file)
            logger.info("this camera's pixels are looked at: %s", told.pixels)
        self._standing, self._asked_at = told, time.monotonic()
        return told

    def _read(self) -> Instruction | None:
        try:
            return Instruction.model_validate_json(self.file.read_bytes())
        except (OSError, ValidationError):
            return None
