"""The sweeper: the third way to a claim, for whatever the first two lost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Self

from civicam.aws.intake import Intake
from civicam.cameras.sweeping import LISTED, PATIENCE, is_due, is_hopeless, is_listed
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera
from civicam.contracts.ids import compact_time, utc_day

MOST_FOUND = 100
"""Unclaimed objects taken in at one sweep; the rest wait for the camera's next turn."""


@dataclass(frozen=True)
class Swept:
    """What one sweep did."""

    announced: int
    given_up: int
    found: int


@dataclass(frozen=True)
class Sweeper:
    """Announces again what still waits, and claims objects that nobody claimed."""

    intake: Intake
    clock: Callable[[], datetime] = now

    @classmethod
    def from_env(cls) -> Self:
        """The sweeper of this stack."""
        return cls(Intake.from_env())

    def sweep(self) -> Swept:
        """One round; each part of it may be repeated."""
        announced, given_up = self._announce_again()
        return Swept(announced, given_up, self._claim_unclaimed())

    def _announce_again(self) -> tuple[int, int]:
        announced = given_up = 0
        at = self.clock()
        for clip in self.intake.claims.pending(at - PATIENCE):
            if not is_due(clip.announcements, clip.announced_at, at):
                continue
            if is_hopeless(clip.announcements):
                self.intake.claims.abandon(clip.footage.clip_id, "never_judged")
                given_up += 1
            else:
                self.intake.announce_again(clip)
                announced += 1
        return announced, given_up

    def _claim_unclaimed(self) -> int:
        at = self.clock()
        cameras = (camera for camera in self.intake.registry.all() if is_listed(camera.camera_id, at))
        unclaimed = (key for camera in cameras for key in self._unclaimed(camera, at - LISTED))
        return sum(self.intake.found(key) is not None for key in islice(unclaimed, MOST_FOUND))

    def _unclaimed(self, camera: Camera, since: datetime) -> list[str]:
        """Keys of the camera's footage since then that no claim names."""
        claimed: set[str] = set()
        cursor = None
        while True:
            page = self.intake.claims.by_camera(camera.camera_id, start=since, cursor=cursor, limit=500)
            claimed |= {clip.footage.key for clip in page.items}
            if (cursor := page.cursor) is None:
                break
        folder = f"clips/{camera.retention}/{camera.camera_id}/"
        after = f"{folder}{utc_day(since)}/{compact_time(since)}"
        return [key for key in self.intake.store.keys(folder, after) if key not in claimed]
