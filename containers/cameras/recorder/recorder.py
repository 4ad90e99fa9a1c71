"""The recorder: one thread records into the buffer, one brings the buffer to the city, oldest first."""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Event, Thread

from civicam.contracts.base import utc_text
from civicam.contracts.cameras import ClipDeclaration
from civicam.contracts.errors import CityError, Unavailable
from civicam.contracts.footage import LOOK_MEDIA_TYPE, ClockQuality
from civicam.contracts.recorders import Instruction
from civicam.runtime.segmenting import Segment, stamped
from containers.cameras.recorder.buffer import Buffer
from containers.cameras.recorder.delivery import Delivered, Delivery
from containers.cameras.recorder.instructed import Instructions
from containers.cameras.recorder.looking import EdgeLooking
from containers.cameras.recorder.recordings import Recorded
from containers.cameras.recorder.waiting import wait_seconds

MEDIA_TYPE = "video/mp4"

logger = logging.getLogger("recorder")


@dataclass(frozen=True)
class Edge:
    """Where pixels are looked at, and how that is done here."""

    instructions: Instructions
    looking: EdgeLooking


@dataclass
class Recorder:
    """One camera's recorder. Set `stop` to end it; what it has not delivered waits in the buffer for its next run."""

    camera_id: str
    clock_quality: ClockQuality
    buffer: Buffer
    delivery: Delivery
    edge: Edge | None = None
    """How clips are looked at here, where the city wants that; None delivers them all as they are."""
    first_wait_seconds: float = 1.0
    stop: Event = field(default_factory=Event)
    recorded: Event = field(default_factory=Event)
    """Set when nothing more will be recorded."""

    def run(self, clips: Iterable[Recorded]) -> None:
        """Record and deliver until the recording has ended and everything is delivered, or until `stop`."""
        deliverer = Thread(target=self._deliver_all, name="deliverer")
        deliverer.start()
        try:
            for clip in clips:
                self._keep(clip)
                if self.stop.is_set():
                    break
        finally:
            self.recorded.set()
            deliverer.join()

    def _keep(self, clip: Recorded) -> None:
        """Put the clip into the buffer, or the look at it where its pixels stay."""
        wanted = self.edge.instructions.current() if self.edge else None
        if self.edge and wanted is None:
            return  # stopped before anybody knew
        if self.edge and wanted and wanted.pixels == "edge":
            self._keep_look(self.edge, wanted, clip)
        else:
            body = clip.segment.body
            self._add(clip, body if clip.is_stamped else stamped(body, self.camera_id, clip.capture_start), MEDIA_TYPE)

    def _keep_look(self, edge: Edge, wanted: Instruction, clip: Recorded) -> None:
        try:
            self._add(clip, edge.looking.look(clip, MEDIA_TYPE, wanted), LOOK_MEDIA_TYPE)
        except CityError as error:
            logger.error("clip of %s cannot be looked at: %s", utc_text(clip.capture_start), error)

    def _add(self, clip: Recorded, body: bytes, media_type: str) -> None:
        dropped = self.buffer.dropped
        declaration = ClipDeclaration(
            camera_id=self.camera_id,
            capture_start=clip.capture_start,
            capture_end=clip.capture_end,
            clock_quality=clip.clock_quality or self.clock_quality,
            sha256=hashlib.sha256(body).hexdigest(),
            size_bytes=len(body),
            media_type=media_type,
        )
        self.buffer.add(declaration, body)
        if self.buffer.dropped > dropped:
            logger.error("the buffer is full: %d clips given up so far", self.buffer.dropped)

    def _deliver_all(self) -> None:
        tries = 0
        while not self.stop.is_set():
            ended = self.recorded.is_set()
            try:
                delivered = self._deliver_oldest()
                tries = 0
            except Unavailable as error:
                tries += 1
                logger.warning("try %d: %s", tries, error)
                self.stop.wait(wait_seconds(tries, self.first_wait_seconds))
                continue
            if not delivered and (ended or self.stop.wait(0.1)):
                return

    def _deliver_oldest(self) -> bool:
        waiting = self.buffer.oldest()
        if waiting is None:
            return False
        try:
            body = waiting.body()
        except FileNotFoundError:
            return True  # given up for room between the two lines above
        outcome, why = self.delivery.deliver(waiting.declaration, body)
        logger.log(
            logging.INFO if outcome is Delivered.TAKEN else logging.ERROR,
            "%s: %s (%s)",
            waiting.clip.stem,
            outcome,
            why,
        )
        if outcome is Delivered.STAYS and self.edge:
            self._look_instead(self.edge, waiting.declaration, body)
        self.buffer.remove(waiting)
        return True

    def _look_instead(self, edge: Edge, declaration: ClipDeclaration, body: bytes) -> None:
        """The look at a clip that waited while its pixels came to stay here."""
        edge.instructions.forget()
        wanted = edge.instructions.current()
        length_s = (declaration.capture_end - declaration.capture_start).total_seconds()
        clip = Recorded(declaration.capture_start, Segment(0.0, length_s, body), declaration.clock_quality)
        if wanted and wanted.pixels == "edge":
            self._keep_look(edge, wanted, clip)
