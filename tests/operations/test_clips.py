"""Delivering footage through the API: declared, uploaded, completed, each step as often as one likes."""

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from civicam.aws.claims import Claims, ClipState
from civicam.contracts.base import now, utc_text
from civicam.operations.policy import Role
from tests.fakes.city_in_moto import published
from tests.operations.conftest import CAMERAS, OTHER, OWN, Api, City, footage_of

pytestmark = pytest.mark.unit
BODY = b"a clip, as far as anybody can tell"


@pytest.fixture
def recorder(api: Api) -> Api:
    """A recorder of the first unit."""
    api.groups = (Role.RECORDER,)
    return api


@pytest.fixture
def declaration() -> dict[str, Any]:
    """Footage of the last minute."""
    end = now() - timedelta(seconds=5)
    return {
        "camera_id": CAMERAS[OWN],
        "capture_start": utc_text(end - timedelta(seconds=10)),
        "capture_end": utc_text(end),
        "clock_quality": "synced",
        "sha256": hashlib.sha256(BODY).hexdigest(),
        "size_bytes": len(BODY),
        "media_type": "video/mp4",
    }


def put(upload: dict[str, Any]) -> None:
    """What the recorder's PUT does; moto takes no presigned one in-process."""
    key = upload["url"].partition("?")[0].partition("amazonaws.com/")[2]
    headers = upload["headers"]
    boto3.client("s3").put_object(
        Bucket="footage-bucket",
        Key=key,
        Body=BODY,
        ContentType=headers["Content-Type"],
        ChecksumSHA256=headers["x-amz-checksum-sha256"],
        Metadata={
            name.removeprefix("x-amz-meta-"): value for name, value in headers.items() if name.startswith("x-amz-meta")
        },
    )


def test_a_clip_declared_uploaded_and_completed_is_announced_once(recorder: Api, declaration: dict[str, Any]) -> None:
    declared = recorder("POST", "/v1/clips", declaration)
    assert declared.status == 201
    clip_id, upload = declared.json["clip_id"], declared.json["upload"]
    assert upload["method"] == "PUT"
    assert base64.b64decode(upload["headers"]["x-amz-checksum-sha256"]).hex() == declaration["sha256"]
    put(upload)
    for _ in range(2):
        completed = recorder("POST", f"/v1/clips/{clip_id}/complete")
        assert (completed.status, completed.json) == (202, {"clip_id": clip_id, "state": "stored"})
    (announced,) = published()
    assert announced["detail-type"] == "cameras.clip.stored.v1"
    assert announced["detail"]["data"]["footage"]["clip_id"] == clip_id


def test_a_clip_that_is_here_is_not_uploaded_again(recorder: Api, city: City) -> None:
    known = city.own.footage.model_dump(mode="json")
    names = ("camera_id", "capture_start", "capture_end", "clock_quality", "sha256", "size_bytes", "media_type")
    answer = recorder("POST", "/v1/clips", {name: known[name] for name in names})
    assert (answer.status, answer.json) == (200, {"clip_id": city.own.footage.clip_id, "state": "stored"})


def test_the_same_bytes_under_another_time_are_a_conflict(recorder: Api, declaration: dict[str, Any]) -> None:
    put(recorder("POST", "/v1/clips", declaration).json["upload"])
    recorder("POST", f"/v1/clips/{recorder('POST', '/v1/clips', declaration).json['clip_id']}/complete")
    moved = declaration | {"capture_end": utc_text(now())}
    answer = recorder("POST", "/v1/clips", moved)
    assert (answer.status, answer.problem) == (409, "duplicate_content")


def test_what_was_not_uploaded_cannot_be_completed(recorder: Api, declaration: dict[str, Any]) -> None:
    clip_id = recorder("POST", "/v1/clips", declaration).json["clip_id"]
    answer = recorder("POST", f"/v1/clips/{clip_id}/complete")
    assert (answer.status, answer.problem) == (422, "not_uploaded")
    assert published() == []


def test_a_clip_that_nobody_declared_does_not_exist(recorder: Api) -> None:
    answer = recorder("POST", f"/v1/clips/{'0' * 32}/complete")
    assert (answer.status, answer.problem) == (404, "not_found")


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        (lambda: {"camera_id": CAMERAS[OTHER]}, 404, "not_found"),
        (lambda: {"camera_id": "01JD8K3V4N0000000000000009"}, 404, "not_found"),
        (lambda: {"capture_end": utc_text(now() + timedelta(minutes=10))}, 422, "from_the_future"),
        (lambda: {"capture_start": utc_text(now() - timedelta(days=31))}, 422, "too_old"),
        (lambda: {"capture_start": utc_text(now() - timedelta(minutes=11))}, 422, "too_long"),
        (lambda: {"size_bytes": 200_000_001}, 422, "too_large"),
        (lambda: {"media_type": "application/x-mpegurl"}, 422, "unsupported_media_type"),
        (lambda: {"capture_start": utc_text(now())}, 422, "malformed_footage"),
        (lambda: {"size_bytes": 0}, 422, "invalid_request"),
        (lambda: {"size_bytes": float("inf")}, 422, "invalid_request"),
        (lambda: {"sha256": "A" * 64}, 422, "invalid_request"),
        (lambda: {"sha256": "a" * 64 + "\n"}, 422, "invalid_request"),
        (lambda: {"camera_id": "../../etc"}, 422, "invalid_request"),
        (lambda: {"capture_start": "2026-11-24T10:45:00"}, 422, "invalid_request"),
        (lambda: {"clock_quality": "excellent"}, 422, "invalid_request"),
        (lambda: {"state": "judged"}, 422, "invalid_request"),
    ],
)
def test_footage_that_the_city_does_not_take_is_told_why(
    recorder: Api,
    declaration: dict[str, Any],
    changes: Callable[[], dict[str, Any]],
    status: int,
    reason: str,
) -> None:
    answer = recorder("POST", "/v1/clips", declaration | changes())
    assert (answer.status, answer.problem) == (status, reason)


def test_a_clip_shows_where_it_stands_and_not_where_it_lies(api: Api, city: City) -> None:
    answer = api("GET", f"/v1/clips/{city.own.footage.clip_id}")
    assert (answer.json["state"], answer.json["reason"]) == ("stored", None)
    assert "bucket" not in answer.text
    Claims.from_env().reject(city.own.footage.clip_id, "not_a_video")
    rejected = api("GET", f"/v1/clips/{city.own.footage.clip_id}").json
    assert (rejected["state"], rejected["reason"]) == (ClipState.REJECTED, "not_a_video")


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_a_camera_s_clips_are_listed_once_each_newest_first(api: Api, city: City, limit: int) -> None:
    start = city.own.footage.capture_start
    for n in range(1, 5):
        moment = start + timedelta(seconds=10 * (n // 2))
        Claims.from_env().claim(footage_of(city.own.camera, moment, f"{n:064x}"), now())
    answer = api("GET", "/v1/clips", camera_id=CAMERAS[OWN], limit=limit)
    found = answer.json["items"]
    while answer.json["next"]:
        answer = api("GET", answer.json["next"])
        found += answer.json["items"]
    assert len(found) == len({clip["clip_id"] for clip in found}) == 5
    starts = [clip["capture_start"] for clip in found]
    assert starts == sorted(starts, reverse=True)
