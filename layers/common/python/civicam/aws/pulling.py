"""Pulling: what one pull does with its source."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from civicam.aws.claims import ClaimOutcome
from civicam.aws.delivering import Capture, Delivery, Visit, adapter
from civicam.aws.http_source import SourceReader
from civicam.aws.intake import Intake
from civicam.aws.series import SeriesInbox
from civicam.aws.sources import Sources
from civicam.aws.vault import Vault
from civicam.cameras.errands import SourceAway
from civicam.cameras.pulls import MINUTE, Pull, is_late, series_minute
from civicam.cameras.registration import require_right
from civicam.cameras.series import pack
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Rejected, Unavailable
from civicam.contracts.facts import CloudEvent
from civicam.contracts.footage import SERIES_MEDIA_TYPE, ClockQuality
from civicam.contracts.sources import PulledSource


class Outcome(StrEnum):
    """What came of a pull."""

    STORED = "stored"
    KEPT = "kept"  # a picture, until its minute is closed
    SEEN = "seen"  # a camera that is not analysed shows something new
    UNCHANGED = "unchanged"  # the source says so, or sends the same again
    LATE = "late"  # the next pull is due already
    EMPTY = "empty"  # a minute without a picture


@dataclass(frozen=True)
class Puller:
    """Reads sources, and brings what they deliver into the city."""

    intake: Intake
    reader: SourceReader
    sources: Sources
    inbox: SeriesInbox
    vault: Vault
    clock: Callable[[], datetime] = now

    @classmethod
    def from_env(cls) -> Self:
        """The puller of this stack's tables, buckets and networks."""
        intake = Intake.from_env()
        reader = SourceReader.from_env(intake.limits.max_bytes)
        return cls(intake, reader, Sources.from_env(), SeriesInbox.from_env(), Vault.from_env())

    def pull(self, pull: Pull) -> Outcome:
        """Do one pull; again is no effect. Raises Rejected where the source or what it sends cannot be used."""
        camera = self.intake.registry.camera(pull.camera_id)
        source = camera.source
        if not isinstance(source, PulledSource):
            raise Rejected("not_pulled", f"camera {pull.camera_id} pushes its footage now: nothing is pulled")
        if pull.action == "close":
            return self._close(pull)
        require_right(camera, self.clock())
        if is_late(pull, source, self.clock()):
            return Outcome.LATE
        delivery = self._visit(pull, camera)
        return self._look(pull.camera_id, delivery) if pull.action == "look" else self._bring(pull.camera_id, delivery)

    def _visit(self, pull: Pull, camera: Camera) -> Delivery:
        """What the source delivers; credentials that it refuses are read anew next time."""
        visit = Visit(pull, self.sources.last(pull.camera_id), self.vault.keys(camera))
        try:
            return adapter(camera.source, self.reader, self.clock).visit(visit)
        except Rejected as error:
            if error.reason == "credentials_refused":
                self.vault.forget(camera)
            raise
        except Unavailable as error:
            raise SourceAway(str(error), error.asked_seconds) from error

    def _bring(self, camera_id: str, delivery: Delivery) -> Outcome:
        """Bring it into the city; only then is it remembered."""
        for minute, moment, picture in delivery.pictures:
            self.inbox.put(camera_id, minute, moment, picture)
        taken = [self.intake.take(capture.declared(camera_id), capture.body) for capture in delivery.captures]
        self.intake.bus.publish([CloudEvent.of(gap) for gap in delivery.missed])
        if delivery.said:
            self.sources.note(camera_id, delivery.said)
        if delivery.pictures:
            return Outcome.KEPT
        return Outcome.STORED if any(each is not ClaimOutcome.OTHER for each in taken) else Outcome.UNCHANGED

    def _look(self, camera_id: str, delivery: Delivery) -> Outcome:
        """What it shows is noted and not kept: the footage of a camera that is not analysed stays at its source."""
        if delivery.said is None:
            return Outcome.UNCHANGED
        self.sources.note(camera_id, delivery.said)
        return Outcome.SEEN

    def _close(self, pull: Pull) -> Outcome:
        minute = series_minute(pull)
        pictures = self.inbox.pictures(pull.camera_id, minute)
        if not pictures:
            return Outcome.EMPTY
        capture = Capture(minute, minute + MINUTE, ClockQuality.RECEIVED, SERIES_MEDIA_TYPE, pack(pictures))
        self.intake.take(capture.declared(pull.camera_id), capture.body)
        return Outcome.STORED
