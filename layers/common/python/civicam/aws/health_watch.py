"""The watch over all cameras: each minute, from what the city knows anyway; written and told where it changes."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Self

from civicam.aws import clients
from civicam.aws.bus import Bus
from civicam.aws.claims import Claims, Clip, ClipState
from civicam.aws.environment import setting
from civicam.aws.health import AT_ONCE, HealthTable, Known
from civicam.aws.registry import Registry
from civicam.cameras.health import TICK, Expected, Health, Observation, assessed, looked_back, reads, usual_length
from civicam.cameras.health_facts import changed
from civicam.contracts.cameras import Camera
from civicam.contracts.facts import CloudEvent
from civicam.contracts.footage import ClockQuality, FootageKind
from civicam.contracts.sources import CitizenSource, FolderSource, PulledSource

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

MOST_CLIPS = 100
"""Of a camera, the newest that are looked at: fifteen minutes of ten seconds each, and some."""
ASSUMED = 4
"""Changes that are enough for a camera to be back (`civicam.cameras.health.IN_A_ROW`, and the one before them)."""
WITHOUT_RHYTHM = (CitizenSource, FolderSource)
"""Sources of which nobody knows when they deliver: they are well as long as what they deliver is."""


@dataclass(frozen=True)
class Sign:
    """What the table of sources has of one that is read."""

    changed: tuple[datetime, ...] = ()
    """When it last showed something new."""
    fails: bool = False
    """It could not be read, the last time that it was tried."""


@dataclass(frozen=True)
class Watched:
    """What one round came to."""

    cameras: int
    changes: int
    told: int
    """Facts on the bus: more than changes where an earlier round could not tell."""


@dataclass(frozen=True)
class HealthWatch:
    """What is known of all cameras, and where it is written."""

    registry: Registry
    claims: Claims
    sources: str
    """The table of sources, by its name."""
    table: HealthTable
    bus: Bus

    @classmethod
    def from_env(cls) -> Self:
        """By this stack's tables and bus."""
        return cls(
            Registry.from_env(),
            Claims.from_env(),
            setting("SOURCES_TABLE"),
            HealthTable.from_env(),
            Bus.from_env(),
        )

    def watch(self, at: datetime) -> Watched:
        """One round over every camera; each part of it may be repeated."""
        cameras = [camera for camera in self.registry.all() if _is_expected(camera, at)]
        known, signs = self.table.current(), self._signs()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(
                pool.map(
                    lambda one: self._found(one, known.get(one.camera_id), signs.get(one.camera_id, Sign()), at),
                    cameras,
                )
            )
        news = [*filter(None, found)]
        left = [one for one in known.values() if one.untold and one.camera_id not in {new.camera_id for new in news}]
        untold = [*(one for one in news if one.untold), *left]
        self.bus.publish([one.untold for one in untold if one.untold])
        for one in untold:
            self.table.told(one)
        return Watched(len(cameras), sum(1 for one in news if one.untold), len(untold))

    def _found(self, camera: Camera, known: Known | None, sign: Sign, at: datetime) -> Known | None:
        """What is written of the camera; None where all is as it was."""
        standing = known.health if known else Health(since=at)
        expected, observations = self._observed(camera, standing, sign, at)
        health = assessed(standing, observations, expected, at)
        if known and health == standing:
            return None
        is_news = not health.is_as(standing)
        told = CloudEvent.of(changed(camera.camera_id, standing, health)) if is_news else None
        wanted = Known(camera.camera_id, health, told)
        return wanted if self.table.put(wanted, known.health if known else None) else None

    def _observed(
        self, camera: Camera, standing: Health, sign: Sign, at: datetime
    ) -> tuple[Expected, tuple[Observation, ...]]:
        source = camera.source
        stated = timedelta(seconds=source.interval_seconds) if isinstance(source, PulledSource) else None
        since = standing.since if standing.state == "unknown" else at
        at_most = looked_back(Expected(interval=stated or TICK, since=since))
        clips = list(islice(self._clips(camera, at - at_most), MOST_CLIPS))
        delivered = tuple(map(_observation, clips))
        expected = Expected(interval=max(usual_length(delivered) or TICK, stated or timedelta()), since=since)
        if stated is None:
            return expected, delivered
        return expected, (*delivered, *reads(sign.changed, expected, at, fails=sign.fails))

    def _clips(self, camera: Camera, since: datetime) -> Iterator[Clip]:
        """The newest first."""
        page = self.claims.by_camera(camera.camera_id, start=since, limit=MOST_CLIPS)
        return (clip for clip in page.items if clip.state is not ClipState.DECLARED)

    def _signs(self) -> dict[str, Sign]:
        pages = clients.dynamodb().get_paginator("scan").paginate(TableName=self.sources)
        return {item["camera_id"]["S"]: _sign(item) for page in pages for item in page["Items"]}


def _is_expected(camera: Camera, at: datetime) -> bool:
    """Whether anything is to come of the camera by itself, now."""
    has_ended = camera.consent_until is not None and camera.consent_until <= at
    return not has_ended and not isinstance(camera.source, WITHOUT_RHYTHM)


def _observation(clip: Clip) -> Observation:
    footage = clip.footage
    arrived = clip.stored_at or footage.capture_end
    seconds = (footage.capture_end - footage.capture_start).total_seconds()
    is_stated = footage.clock_quality is not ClockQuality.RECEIVED
    return Observation(
        key=footage.clip_id,
        start=footage.capture_start,
        end=footage.capture_end,
        arrived=arrived,
        conditions=frozenset(clip.looked.conditions) if clip.looked else None,
        kbps=footage.size_bytes * 8 / 1000 / seconds if footage.kind is FootageKind.CLIP else None,
        offset_s=(arrived - footage.capture_end).total_seconds() if is_stated else None,
        usable=clip.state is not ClipState.REJECTED,
    )


def _sign(item: "Mapping[str, AttributeValueTypeDef]") -> Sign:
    """What the item tells. It keeps the last change alone: those before it are taken to have come minute by minute."""
    told = item.get("changed_at", {}).get("S")
    changed = tuple(datetime.fromisoformat(told) - number * TICK for number in range(ASSUMED)) if told else ()
    return Sign(changed, "circuit" in item)
