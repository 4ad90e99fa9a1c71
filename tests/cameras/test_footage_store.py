"""The footage store: put once, described by itself, and out of the way when it cannot be used."""

import base64
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from civicam.aws.footage import FootageStore
from civicam.cameras.intake import place
from civicam.contracts.base import now
from civicam.contracts.errors import NotFound, Rejected
from civicam.contracts.footage import Footage
from tests.cameras.conftest import CLIP, camera, declaration

pytestmark = pytest.mark.unit


@pytest.fixture
def store(city: None) -> FootageStore:
    return FootageStore.from_env()


@pytest.fixture
def footage(store: FootageStore) -> Footage:
    return place(declaration(), camera(), store.bucket)


def objects() -> dict[str, bytes]:
    s3 = boto3.client("s3")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="footage-bucket").get("Contents", [])]
    return {key: s3.get_object(Bucket="footage-bucket", Key=key)["Body"].read() for key in keys}


def test_what_stands_is_never_overwritten(store: FootageStore, footage: Footage) -> None:
    assert store.put(footage, CLIP) is True
    assert store.put(footage, CLIP) is False
    assert objects() == {footage.key: CLIP}


def test_an_object_tells_what_it_is(store: FootageStore, footage: Footage) -> None:
    store.put(footage, CLIP)
    assert store.describe(footage.key) == footage
    assert store.holds(footage)
    assert store.download(footage) == CLIP


def test_what_is_not_there_is_said(store: FootageStore, footage: Footage) -> None:
    assert not store.holds(footage)
    for read in (lambda: store.describe(footage.key), lambda: store.download(footage)):
        with pytest.raises(NotFound):
            read()


def test_other_bytes_under_the_key_are_noticed(store: FootageStore, footage: Footage) -> None:
    store.put(footage, CLIP)
    told = boto3.client("s3").head_object(Bucket=store.bucket, Key=footage.key)["Metadata"]
    boto3.client("s3").put_object(
        Bucket=store.bucket, Key=footage.key, Body=b"other", ContentType="video/mp4", Metadata=told
    )
    for check in (store.holds, store.download):
        with pytest.raises(Rejected) as refused:
            check(footage)
        assert refused.value.reason == "digest_mismatch"


@pytest.mark.parametrize(
    "change",
    [
        {"camera-id": "front-door"},
        {"capture-start": "yesterday"},
        {"capture-end": "2020-01-01T00:00:00Z"},
        {"clock-quality": "perfect"},
        {"sha256": "0" * 64},
        {"capture-start": "2026-11-24T10:45:21.000Z"},
    ],
)
def test_an_object_that_contradicts_itself_is_not_footage(
    store: FootageStore, footage: Footage, change: dict[str, str]
) -> None:
    store.put(footage, CLIP)
    told = boto3.client("s3").head_object(Bucket=store.bucket, Key=footage.key)["Metadata"]
    boto3.client("s3").put_object(
        Bucket=store.bucket, Key=footage.key, Body=CLIP, ContentType="video/mp4", Metadata=told | change
    )
    with pytest.raises(Rejected) as refused:
        store.describe(footage.key)
    assert refused.value.reason == "malformed_footage"


def test_a_presigned_upload_binds_camera_size_type_digest_and_minutes(store: FootageStore, footage: Footage) -> None:
    upload = store.presign(footage, minutes=5)
    query = parse_qs(urlsplit(upload.url).query)
    assert query["X-Amz-Expires"] == ["300"]
    assert (upload.expires_at - now()).total_seconds() == pytest.approx(300, abs=2)
    assert {name.lower() for name in upload.headers} | {"host"} == set(query["X-Amz-SignedHeaders"][0].split(";"))
    assert upload.headers["Content-Length"] == str(len(CLIP))
    assert upload.headers["x-amz-meta-camera-id"] == footage.camera_id
    assert base64.b64decode(upload.headers["x-amz-checksum-sha256"]).hex() == footage.sha256
    assert urlsplit(upload.url).path.endswith(footage.key)


class TestQuarantine:
    def test_the_object_moves_with_its_reason(self, store: FootageStore, footage: Footage) -> None:
        store.put(footage, CLIP)
        key = store.quarantine(footage, "truncated", "it ends after 14 bytes:\nsend it again, đủ")
        assert key == f"quarantine/truncated/{footage.clip_id}"
        assert objects() == {footage.key: CLIP, key: CLIP}
        store.remove(footage.key)
        assert objects() == {key: CLIP}
        told = boto3.client("s3").head_object(Bucket=store.bucket, Key=key)["Metadata"]
        assert (told["reason"], told["from"]) == ("truncated", footage.key)
        assert "send it again" in told["message"]

    def test_twice_is_once(self, store: FootageStore, footage: Footage) -> None:
        store.put(footage, CLIP)
        keys = {store.quarantine(footage, "truncated", "why") for _ in range(2)}
        assert set(objects()) == {footage.key, *keys}

    def test_what_is_gone_cannot_be_moved_any_more(self, store: FootageStore, footage: Footage) -> None:
        store.put(footage, CLIP)
        store.quarantine(footage, "truncated", "why")
        for _ in range(2):
            store.remove(footage.key)
        assert store.quarantine(footage, "truncated", "why") is None

    def test_bytes_that_never_came_in_can_go_there(self, store: FootageStore, footage: Footage) -> None:
        key = store.put_in_quarantine(footage, CLIP, "from_the_future", "why")
        assert objects() == {key: CLIP}


def test_keys_are_listed_in_order_from_behind_a_point(store: FootageStore) -> None:
    for name in ("clips/a/1", "clips/a/2", "clips/a/3", "clips/b/1"):
        boto3.client("s3").put_object(Bucket=store.bucket, Key=name, Body=b"x")
    assert list(store.keys("clips/a/", "clips/a/1")) == ["clips/a/2", "clips/a/3"]
