"""Pulling: the queue of pulls, and what one pull does with its source."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Self

from civicam.aws import clients
from civicam.aws.claims import ClaimOutcome
from civicam.aws.delivering import Capture, Delivery, Visit, adapter
from civicam.aws.environment import setting
from civicam.aws.http_source import SourceReader
from civicam.aws.intake import Intake
from civicam.aws.queues import MESSAGES_PER_CALL
from civicam.aws.series import SeriesInbox
from civicam.aws.sources import Sources
from civicam.aws.vault import Vault
from civicam.cameras.pulls import MINUTE, Pull, delay_seconds, is_late, series_minute
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
    UNCHANGED = "unchanged"  # the source says so, or sends the same again
    LATE = "late"  # the next pull is due already
    EMPTY = "empty"  # a minute without a picture


@dataclass(frozen=True)
class PullQueue:
    """The queue that spreads a minute's pulls over that minute."""

    url: str

    @classmethod
    def from_env(cls) -> Self:
        """The queue of PULL_QUEUE_URL."""
        return cls(setting("PULL_QUEUE_URL"))

    def send(self, pulls: Iterable[Pull], at: datetime) -> int:
        """Send each pull so that it arrives when it is due, and say how many; raises Unavailable for any not taken."""
        sent, rest = 0, iter(pulls)
        while batch := tuple(islice(rest, MESSAGES_PER_CALL)):
            entries = [
                {"Id": str(index), "MessageBody": pull.model_dump_json(), "DelaySeconds": delay_seconds(pull, at)}
                for index, pull in enumerate(batch)
            ]
            answer = clients.sqs().send_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]
            if answer.get("Failed"):
                raise Unavailable(f"the pull queue refused {len(answer['Failed'])} of {len(entries)} messages")
            sent += len(batch)
        return sent


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
        return self._bring(pull.camera_id, self._visit(pull, camera))

    def _visit(self, pull: Pull, camera: Camera) -> Delivery:
        """What the source delivers; credentials that it refuses are read anew next time."""
        visit = Visit(pull, self.sources.last(pull.camera_id), self.vault.keys(camera))
        try:
            return adapter(camera.source, self.reader, self.clock).visit(visit)
        except Rejected as error:
            if error.reason == "credentials_refused":
                self.vault.forget(camera)
            raise

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

    def _close(self, pull: Pull) -> Outcome:
        minute = series_minute(pull)
        pictures = self.inbox.pictures(pull.camera_id, minute)
        if not pictures:
            return Outcome.EMPTY
        capture = Capture(minute, minute + MINUTE, ClockQuality.RECEIVED, SERIES_MEDIA_TYPE, pack(pictures))
        self.intake.take(capture.declared(pull.camera_id), capture.body)
        return Outcome.STORED
