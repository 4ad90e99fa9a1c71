"""Sources through the whole city, its IAM enforced: guarded cameras, what citizens hand in, what devices drop."""

import hashlib
from datetime import timedelta
from typing import Any

import boto3
import httpx
import pytest

from civicam.aws.inbox import DROPS
from civicam.aws.registry import Registry
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import Camera, ClipRejected, ClipStored, HttpSource
from civicam.contracts.sources import CitizenSource, FolderSource
from civicam.operations.policy import Role
from tests.city.whole import UNIT, WholeCity
from tests.fakes.camera_source import Answer, camera_source
from tests.fakes.footage import clip as video
from tests.fakes.footage import passing
from tests.fakes.guards import Digest

pytestmark = pytest.mark.flow


def of_kind(whole: WholeCity, name: str, source: Any) -> Camera:
    return Registry.from_env().put(whole.camera(name).model_copy(update={"source": source})).camera


def sheet(camera: Camera, body: bytes) -> dict[str, Any]:
    """What a citizen says about three seconds of footage."""
    start = now() - timedelta(minutes=5)
    return {
        "camera_id": camera.camera_id,
        "capture_start": utc_text(start),
        "capture_end": utc_text(start + timedelta(seconds=3)),
        "sha256": hashlib.sha256(body).hexdigest(),
        "size_bytes": len(body),
        "media_type": "video/mp4",
    }


def post(form: dict[str, Any], body: bytes, **changes: str) -> int:
    """As a browser does."""
    fields = form["fields"] | changes
    return httpx.post(form["url"], data=fields, files={"file": ("f.mp4", body)}, timeout=30).status_code


def test_a_guarded_camera_is_opened_with_credentials_that_the_api_took_in(whole: WholeCity) -> None:
    body = video(passing(50))
    with camera_source(guard=Digest(user="viewer", password="Geheim-7f3a9c")) as source:
        source.answers = [Answer(body=body)]
        camera = of_kind(
            whole, "guarded", HttpSource(kind="http_clip", url=source.url, interval_seconds=10, credentials="gate")
        )
        route = f"/v1/cameras/{camera.camera_id}/credentials"
        told = {"scheme": "digest", "username": "viewer", "secret": "Geheim-7f3a9c"}
        for _ in range(2):
            answer = whole.call(Role.SUPERVISOR, "POST", route, json=told)
        assert (answer.status_code, "Geheim" in answer.text) == (200, False)
        whole.hear(lambda event: event.type == ClipStored.TYPE and event.data.camera_id == camera.camera_id)
        of_kind(whole, "guarded", CitizenSource())
    assert all("Geheim" not in event.model_dump_json() for event in whole.heard)


def test_what_a_citizen_hands_in_is_claimed_and_nothing_else_gets_in(whole: WholeCity) -> None:
    body = video(passing(75))
    camera = of_kind(whole, "citizens", CitizenSource())

    offered = whole.call(Role.CITIZEN, "POST", "/v1/uploads", json=sheet(camera, body))

    assert offered.status_code == 201, offered.text
    form, clip = offered.json()["form"], offered.json()["clip_id"]
    assert post(form, body + b"x") in {400, 403}, "larger than was declared"
    assert post(form, body, **{"Content-Type": "text/html"}) == 403
    assert post(form, body, key=form["fields"]["key"].replace("uploads", "drop")) == 403
    assert post(form, body) == 204
    whole.facts_of(clip, ClipStored)
    state = whole.call(Role.CITIZEN, "GET", f"/v1/uploads/{clip}").json()
    assert (state["clip_id"], state["reason"]) == (clip, None)
    assert whole.call(Role.CITIZEN, "GET", f"/v1/uploads/{clip}", units=("ward-ben-thanh",)).status_code == 404


def test_what_a_device_drops_is_taken_or_refused(whole: WholeCity) -> None:
    camera = of_kind(whole, "dropping", FolderSource())
    bucket = whole.deployment.outputs["FootageBucket"]
    for name, body in (("a.mp4", video(passing(75))), ("b.exe", b"MZ")):
        boto3.client("s3").put_object(Bucket=bucket, Key=f"{DROPS}{camera.camera_id}/{name}", Body=body)

    (stored,) = whole.hear(lambda event: event.type == ClipStored.TYPE and event.data.camera_id == camera.camera_id)
    (refused,) = whole.hear(lambda event: event.type == ClipRejected.TYPE and event.data.camera_id == camera.camera_id)

    assert stored.footage.clock_quality == "received"
    assert refused.reason == "unsupported_media_type"
    whole.wait_until(lambda: not _keys(bucket, f"{DROPS}{camera.camera_id}/"))
    assert camera.unit_id == UNIT


def _keys(bucket: str, prefix: str) -> list[str]:
    found = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return [item["Key"] for item in found]
