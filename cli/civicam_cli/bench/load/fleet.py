"""Cameras that deliver: each closes a clip every so many seconds, evenly spread, and hands it to the city's API."""

import hashlib
import struct
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from civicam.aws.registry import Registry
from civicam.aws.rules import Rules
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import Camera, ClipDeclaration, Profile
from civicam.contracts.errors import Unavailable
from civicam.contracts.footage import ClockQuality
from civicam.contracts.geometry import Zone
from civicam.contracts.ids import digest
from civicam.contracts.watch import Rule, ZoneCount

UNIT = "bench"
SIZE = (1920, 1080)
DELIVERERS = 8
TRIES, WAIT_SECONDS = 10, 0.25
"""A recorder keeps a clip that the city has no time for, and comes again."""


@dataclass(frozen=True)
class Delivery:
    """One clip that was handed over."""

    camera_id: str
    closed_at: datetime


@dataclass(frozen=True)
class Fleet:
    """So many cameras, each playing one of the clips for ever."""

    cameras: tuple[Camera, ...]
    clips: tuple[bytes, ...]
    seconds: int
    """How long each clip is."""

    @classmethod
    def register(cls, count: int, clips: Sequence[Path], seconds: int) -> "Fleet":
        """Cameras that look once a second, with an alert for whoever is in the picture, in the city's registry."""
        cameras = tuple(map(_camera, range(count)))
        for camera in cameras:
            Registry.from_env().put(camera)
            Rules.writable_from_env().put(_rule(camera, seconds))
        return cls(cameras, tuple(path.read_bytes() for path in clips), seconds)

    def play(self, api: "Api", rounds: int) -> list[Delivery]:
        """Every camera's clips of so many rounds, each delivered when it closes; returns when the last one is."""
        begin = now()
        with ThreadPoolExecutor(DELIVERERS) as deliverers:
            waiting = []
            for number, closes in enumerate(self._closings(begin, rounds)):
                time.sleep(max(0.0, (closes - now()).total_seconds()))
                place = number % len(self.cameras)
                clip = self.clips[place % len(self.clips)]
                begins = closes - timedelta(seconds=self.seconds)
                waiting.append(deliverers.submit(api.deliver, self.cameras[place].camera_id, clip, (begins, closes)))
            return [delivery.result() for delivery in waiting]

    def _closings(self, begin: datetime, rounds: int) -> Iterator[datetime]:
        step = self.seconds / len(self.cameras)
        return (begin + timedelta(seconds=number * step) for number in range(rounds * len(self.cameras)))


@dataclass(frozen=True)
class Api:
    """The city's API, asked as a recorder asks it."""

    url: str
    token: str
    client: httpx.Client

    def deliver(self, camera_id: str, clip: bytes, captured: tuple[datetime, datetime]) -> Delivery:
        """As `deliver_exactly`, with the camera and the time in the bytes, so that no two clips are the same."""
        return self.deliver_exactly(camera_id, clip + stamp_box(camera_id, captured[1]), captured)

    def deliver_exactly(self, camera_id: str, body: bytes, captured: tuple[datetime, datetime]) -> Delivery:
        """Declare, upload, complete; raises Unavailable where the city does not take it within the tries."""
        begins, closes = captured
        declaration = ClipDeclaration(
            camera_id=camera_id,
            capture_start=begins,
            capture_end=closes,
            clock_quality=ClockQuality.SYNCED,
            sha256=hashlib.sha256(body).hexdigest(),
            size_bytes=len(body),
            media_type="video/mp4",
        )
        told = self._ask("/v1/clips", declaration.model_dump_json())
        upload = told["upload"]
        self.client.request(upload["method"], upload["url"], content=body, headers=upload["headers"]).raise_for_status()
        self._ask(f"/v1/clips/{told['clip_id']}/complete", "{}")
        return Delivery(camera_id, closes)

    def _ask(self, path: str, content: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        for _ in range(TRIES):
            answer = self.client.post(self.url + path, content=content, headers=headers)
            if answer.status_code not in {429, 503}:
                answer.raise_for_status()
                return dict(answer.json())
            time.sleep(WAIT_SECONDS)
        raise Unavailable(f"the city's API answers {answer.status_code}: it has more than it can take")


def _camera(number: int) -> Camera:
    width, height = SIZE
    corners = ((0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height)))
    return Camera(
        camera_id="0" + digest("bench camera", str(number))[:25].upper(),
        name=f"bench {number}",
        owner_id="bench",
        unit_id=UNIT,
        position=(106.7009, 10.7769),
        profile=Profile(sampling_fps=1.0, picture=SIZE, zones=(Zone(zone_id="picture", polygon=corners),)),
    )


def _rule(camera: Camera, seconds: int) -> Rule:
    return Rule(
        rule_id=camera.name.replace(" ", "-"),
        title="Somebody is in the picture",
        camera_id=camera.camera_id,
        condition=ZoneCount(zone_id="picture", at_least=1),
        cooldown_seconds=seconds,
    )


def stamp_box(camera: str, closes: datetime) -> bytes:
    """An MP4 box that every player skips, so that no two clips are the same bytes."""
    content = f"{camera} {utc_text(closes)}".encode()
    return struct.pack(">I4s", 8 + len(content), b"free") + content
