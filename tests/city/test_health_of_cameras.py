"""A camera that dies and comes back, in the whole city with its IAM enforced: bus and lake are told, once each."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from civicam.aws.health import HealthTable, Known
from civicam.cameras.health import Health
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera, Profile
from civicam.contracts.health import CameraHealthChanged
from tests.city.whole import WholeCity
from tests.fakes import footage

pytestmark = pytest.mark.flow

SECONDS, FPS = 24, 5


def scene(number: int) -> bytes:
    """A street for some seconds, with a sensor's noise on it."""
    rng = np.random.default_rng(number)
    there = np.random.default_rng(7).integers(40, 200, (12, 20, 3)).repeat(8, 0).repeat(8, 1).astype(np.float64)
    pictures = [np.clip(there + number + rng.normal(0, 6, there.shape), 0, 255) for _ in range(SECONDS * FPS)]
    return footage.clip([picture.astype(np.uint8) for picture in pictures], fps=FPS, gop=FPS)


def deliver(whole: WholeCity, camera: Camera) -> None:
    """Four clips, end to end, the last of which has just ended."""
    begun = now() - timedelta(seconds=4 * SECONDS)
    for number in range(4):
        whole.deliver(camera, scene(number), begun + timedelta(seconds=SECONDS * number), SECONDS)


def test_a_camera_dies_and_comes_back(whole: WholeCity, aws: Callable[[str], Any]) -> None:
    camera = whole.camera("falls silent", Profile(analytics=("crowd",), sampling_fps=1))
    long_ago = Health(since=now() - timedelta(minutes=10))
    assert HealthTable(whole.deployment.outputs["HealthTable"]).put(Known(camera.camera_id, long_ago), None)

    def told() -> list[tuple[str, tuple[str, ...]]]:
        facts = [event.data for event in whole.heard if isinstance(event.data, CameraHealthChanged)]
        mine = {fact.number: fact for fact in facts if fact.camera_id == camera.camera_id}
        return [(mine[number].state, mine[number].reasons) for number in sorted(mine)]

    def watched_until(state: str) -> None:
        def seen() -> bool:
            try:
                answer = aws("lambda").invoke(FunctionName="civicam-laptop-watch_health", Payload=b"{}")
                assert "FunctionError" not in answer, answer["Payload"].read()
            except aws("lambda").exceptions.TooManyRequestsException:
                pass  # the minute's own tick is at it
            return (told() or [("", ())])[-1][0] == state

        whole.wait_until(seen, 120)

    watched_until("dead")
    deliver(whole, camera)
    watched_until("healthy")

    assert told() == [("dead", ("silent",)), ("healthy", ())]
    rows = whole.wait_for_rows(CameraHealthChanged, f"camera_id = '{camera.camera_id}'", 2)
    assert {row["state"] for row in rows} == {"dead", "healthy"}
