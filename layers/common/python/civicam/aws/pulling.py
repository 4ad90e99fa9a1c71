"""Pulling: the queue of pulls, and what one pull does with its source."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Self

from civicam.aws import clients
from civicam.aws.claims import ClaimOutcome
from civicam.aws.environment import setting
from civicam.aws.http_source import Reading, SourceReader
from civicam.aws.intake import Intake
from civicam.aws.queues import MESSAGES_PER_CALL
from civicam.aws.series import SeriesInbox
from civicam.aws.sources import Sources, content_digest
from civicam.cameras.pulls import MINUTE, Pull, captured, delay_seconds, is_late, series_minute
from civicam.cameras.registration import require_right
from civicam.cameras.series import pack
from civicam.contracts.base import now
from civicam.contracts.cameras import ClipDeclaration, HttpSource
from civicam.contracts.errors import Rejected, Unavailable
from civicam.contracts.footage import MEDIA_EXTENSIONS, SERIES_MEDIA_TYPE, ClockQuality

PICTURE_TYPES = ("image/jpeg",)
CLIP_TYPES = tuple(kind for kind in MEDIA_EXTENSIONS if kind.startswith("video/"))


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
    clock: Callable[[], datetime] = now

    @classmethod
    def from_env(cls) -> Self:
        """The puller of this stack's tables, buckets and networks."""
        intake = Intake.from_env()
        return cls(intake, SourceReader.from_env(intake.limits.max_bytes), Sources.from_env(), SeriesInbox.from_env())

    def pull(self, pull: Pull) -> Outcome:
        """Do one pull; again is no effect. Raises Rejected where the source or what it sends cannot be used."""
        camera = self.intake.registry.camera(pull.camera_id)
        source = camera.source
        if not isinstance(source, HttpSource):
            raise Rejected("not_pulled", f"camera {pull.camera_id} pushes its footage now: nothing is pulled")
        if pull.action == "close":
            return self._close(pull)
        require_right(camera, self.clock())
        if is_late(pull, source, self.clock()):
            return Outcome.LATE
        return self._picture(pull, source) if source.kind == "http_picture" else self._clip(pull, source)

    def _clip(self, pull: Pull, source: HttpSource) -> Outcome:
        reading = self._read(pull, source, CLIP_TYPES)
        if reading is None:
            return Outcome.UNCHANGED
        start, end, clock_quality = captured(reading.headers, pull, source)
        declaration = _declaration(pull.camera_id, start, end, clock_quality, reading.body, reading.media_type)
        outcome = self.intake.take(declaration, reading.body)
        self.sources.note(pull.camera_id, reading)
        return Outcome.UNCHANGED if outcome is ClaimOutcome.OTHER else Outcome.STORED

    def _picture(self, pull: Pull, source: HttpSource) -> Outcome:
        asked_at = self.clock()
        reading = self._read(pull, source, PICTURE_TYPES)
        if reading is None:
            return Outcome.UNCHANGED
        self.inbox.put(pull.camera_id, series_minute(pull), asked_at, reading.body)
        self.sources.note(pull.camera_id, reading)
        return Outcome.KEPT

    def _close(self, pull: Pull) -> Outcome:
        minute = series_minute(pull)
        pictures = self.inbox.pictures(pull.camera_id, minute)
        if not pictures:
            return Outcome.EMPTY
        body = pack(pictures)
        self.intake.take(
            _declaration(pull.camera_id, minute, minute + MINUTE, ClockQuality.RECEIVED, body, SERIES_MEDIA_TYPE), body
        )
        return Outcome.STORED

    def _read(self, pull: Pull, source: HttpSource, media_types: tuple[str, ...]) -> Reading | None:
        """What the source delivers, None where that is what it delivered last."""
        last = self.sources.last(pull.camera_id)
        reading = self.reader.read(source.url, media_types, known=last)
        return None if reading is None or content_digest(reading) == last.get("sha256") else reading


def _declaration(
    camera_id: str, start: datetime, end: datetime, clock_quality: ClockQuality, body: bytes, media_type: str
) -> ClipDeclaration:
    return ClipDeclaration(
        camera_id=camera_id,
        capture_start=start,
        capture_end=end,
        clock_quality=clock_quality,
        sha256=hashlib.sha256(body).hexdigest(),
        size_bytes=len(body),
        media_type=media_type,
    )
