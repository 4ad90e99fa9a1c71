"""A clip goes the whole way through the deployed city, and a bad one stops where it must."""

from pathlib import Path

from civicam.contracts.base import now
from civicam.contracts.cameras import ClipRejected
from civicam.contracts.vision import CrowdMeasured, FacesSeen, VehiclesCounted
from civicam.runtime.segmenting import stamped
from tests.city.whole import WholeCity


def test_a_clip_becomes_facts_and_rows(whole: WholeCity, junction: Path) -> None:
    camera = whole.camera("tests/aws junction")
    clip = whole.deliver(camera, stamped(junction.read_bytes(), camera.camera_id, now()), seconds=2.0)
    for kind in (VehiclesCounted, CrowdMeasured, FacesSeen):
        whole.facts_of(clip, kind)
        whole.wait_for_rows(kind, f"clip_id = '{clip}'", 1, seconds=120)


def test_a_bad_clip_lies_in_quarantine(whole: WholeCity) -> None:
    camera = whole.camera("tests/aws bad clips")
    clip = whole.deliver(camera, now().isoformat().encode() * 40)
    (rejected,) = whole.facts_of(clip, ClipRejected)
    assert rejected.reason == "not_a_video"
