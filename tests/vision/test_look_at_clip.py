"""look_at_clip: a stored clip becomes boxes, or an order for a GPU, or lies in quarantine with a fact that says why."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from civicam.aws.claims import ClipState
from civicam.aws.intake import Intake
from civicam.aws.tiers import Tiers
from civicam.aws.work import WorkStore
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera, ClipStored, Profile, Tier
from civicam.contracts.errors import Inconsistent
from civicam.contracts.facts import read_fact
from civicam.contracts.footage import LOOK_MEDIA_TYPE, ClockQuality, Footage
from civicam.contracts.ids import digest
from civicam.contracts.vision import ClipDetected
from civicam.vision.admitted import AdmittedClip
from civicam.vision.tiers import TierSetting
from functions.vision.look_at_clip import handler as look_at_clip
from tests.fakes.city_in_moto import BUS, Context, city_in_moto, published
from tests.fakes.detectors import FakeDetector
from tests.fakes.footage import PLAYLIST, clip, jpeg, named, passing, series
from tests.fakes.looks import SEEN, look_at

pytestmark = pytest.mark.unit
CAMERA = "01JD8K3V4N0000000000000001"
NOBODYS = "01JD8K3V4N0000000000000099"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with city_in_moto(monkeypatch):
        monkeypatch.setenv("WORK_BUCKET", "work")
        boto3.client("s3").create_bucket(Bucket="work")
        monkeypatch.setattr(look_at_clip, "detector", FakeDetector)
        look_at_clip.looking.cache_clear()
        register()
        yield


def register(registered_at: datetime | None = None, **profile: Any) -> Camera:
    camera = Camera(
        camera_id=CAMERA,
        name="Cầu Sài Gòn",
        owner_id="transport",
        unit_id="ward-1",
        position=(106.7, 10.8),
        profile=Profile(**profile),
    )
    return Intake.from_env().registry.put(camera, at=registered_at or LONG_AGO).camera


def stored(
    raw: bytes,
    *,
    seconds: float = 4.0,
    camera_id: str = CAMERA,
    media_type: str = "video/mp4",
    start: datetime | None = None,
    quality: ClockQuality = ClockQuality.SYNCED,
) -> ClipStored:
    """A clip in the store with its claim, and the fact that says so."""
    start = start or now().replace(microsecond=0) - timedelta(minutes=5)
    footage = Footage.place(
        camera_id=camera_id,
        capture_start=start,
        capture_end=start + timedelta(seconds=seconds),
        clock_quality=quality,
        sha256=hashlib.sha256(raw).hexdigest(),
        size_bytes=len(raw),
        media_type=media_type,
        bucket="footage-bucket",
    )
    intake = Intake.from_env()
    intake.store.put(footage, raw)
    intake.claims.claim(footage, now())
    return ClipStored(fact_id=digest("x"), camera_id=camera_id, footage=footage, stored_at=now())


def run(clip: ClipStored) -> dict[str, Any]:
    answer = look_at_clip.handler(clip.model_dump(mode="json"), Context())
    return json.loads(json.dumps(answer))  # type: ignore[no-any-return]


def facts() -> list[dict[str, Any]]:
    return [envelope["detail"] for envelope in published()]


def quarantined() -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket="footage-bucket", Prefix="quarantine/")
    return [item["Key"] for item in listed.get("Contents", [])]


def lying_in_work() -> list[str]:
    return [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket="work").get("Contents", [])]


def test_a_good_clip_has_the_boxes_of_each_pass_in_one_object_and_keeps_no_pack() -> None:
    clip_stored = stored(clip(passing(100)))
    answer = run(clip_stored)
    assert (answer["outcome"], answer["camera_id"]) == ("seen", CAMERA)
    clip_id = clip_stored.footage.clip_id
    assert lying_in_work() == [f"boxes/{clip_id}/live.json.gz"]
    boxes = WorkStore.from_env().boxes(answer["detected"]["data"]["boxes"])
    assert {name: (found.clip_id, len(found.frames)) for name, found in boxes.items()} == {
        "objects": (clip_id, 20),
        "faces": (clip_id, 20),
    }
    assert answer["passes"]["faces"] == {
        "boxes_uri": f"s3://work/boxes/{clip_id}/live.json.gz#faces",
        "model": "fake",
        "precision": "f32",
        "frames": 20,
        "boxes": 20,
    }
    assert published() == [], "judge_clip alone is told, by the state machine"


def test_a_clip_of_the_gpu_tier_gives_a_pack_and_an_order_for_each_pass() -> None:
    register(tier=Tier.GPU)
    answer = run(stored(clip(passing(100))))
    assert (answer["outcome"], answer["camera_id"]) == ("sampled", CAMERA)
    assert [*answer["order"]["boxes"]] == ["objects", "faces"]
    pack = WorkStore.from_env().pack(answer["order"]["pack_uri"])
    assert pack.manifest.sampled.frames == len(pack.frames) == 20
    assert answer["detected"]["data"]["boxes"] == answer["order"]["boxes"]


def test_what_judge_clip_is_told_is_complete() -> None:
    clip_stored = stored(clip(passing(100)))
    answer = run(clip_stored)
    fact = read_fact(answer["detected"], ClipDetected).data
    assert fact.footage == clip_stored.footage
    assert (fact.sampled.sampling_fps, fact.sampled.coverage) == (5.0, 1.0)
    assert fact.ingested_at == clip_stored.stored_at


def test_a_clip_is_looked_at_by_the_profile_that_was_valid_when_it_was_filmed() -> None:
    changed_at = now().replace(microsecond=0) - timedelta(minutes=3)
    changed = register(changed_at, sampling_fps=2.0, analytics=("face",))
    assert changed.version == 2
    late = run(stored(clip(passing(100)), start=changed_at - timedelta(seconds=1)))
    fresh = run(stored(clip(passing(101)), start=changed_at))
    versions = [read_fact(answer["detected"], ClipDetected).data.profile_version for answer in (late, fresh)]
    assert versions == [1, 2]
    assert [[*answer["passes"]] for answer in (late, fresh)] == [["objects", "faces"], ["faces"]]


def test_footage_of_an_agreement_that_ended_is_not_looked_at_by_whichever_way_it_came() -> None:
    end = now().replace(second=0, microsecond=0) - timedelta(minutes=4)
    told = {"legal_basis": "agreement", "consent_until": end, "owner_id": "shop"}
    Intake.from_env().registry.put(register().model_copy(update=told))
    assert run(stored(clip(passing(100)), start=end - timedelta(seconds=4)))["outcome"] == "seen"
    answer = run(stored(clip(passing(101)), start=end - timedelta(seconds=3)))
    assert (answer["outcome"], answer["reason"]) == ("rejected", "agreement_ended")
    assert len(quarantined()) == 1


class TestSeenAtTheEdge:
    def test_the_boxes_are_its_recorder_s_and_nobody_looks_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            look_at_clip, "detector", lambda: pytest.fail("pictures that show nobody are not looked at")
        )
        start = now().replace(microsecond=0) - timedelta(minutes=5)
        look = look_at(clip(passing(100)), start)
        told = stored(look.to_bytes(), start=start, media_type=LOOK_MEDIA_TYPE)
        answer = run(told)
        boxes = WorkStore.from_env().boxes(answer["detected"]["data"]["boxes"])
        assert [(name, found.clip_id, found.frames[0].boxes) for name, found in boxes.items()] == [
            (name, told.footage.clip_id, (SEEN,)) for name in ("objects", "faces")
        ]
        assert read_fact(answer["detected"], ClipDetected).data.sampled == look.pack.manifest.sampled
        assert run(told)["detected"]["id"] == answer["detected"]["id"]

    def test_a_forged_look_lies_in_quarantine(self) -> None:
        start = now().replace(microsecond=0) - timedelta(minutes=5)
        look = look_at(clip(passing(100)), start)
        forged = replace(look, boxes={"objects": look.boxes["faces"]})
        answer = run(stored(forged.to_bytes(), start=start, media_type=LOOK_MEDIA_TYPE))
        assert (answer["outcome"], answer["reason"], len(quarantined())) == ("rejected", "not_a_look", 1)


@pytest.mark.parametrize(
    ("analytics", "passes"),
    [(("vehicle",), ["objects"]), (("face",), ["faces"]), (("face", "crowd"), ["objects", "faces"]), ((), [])],
)
def test_only_the_passes_that_the_camera_s_analytics_read_are_made(
    analytics: tuple[str, ...], passes: list[str]
) -> None:
    register(analytics=analytics)
    answer = run(stored(clip(passing(100))))
    assert [*answer["passes"]] == passes
    assert [*answer["detected"]["data"]["boxes"]] == passes


@pytest.mark.parametrize("tier", Tier)
def test_the_same_clip_twice_gives_the_same_answer_and_one_object(tier: Tier) -> None:
    register(tier=tier)
    clip_stored = stored(clip(passing(100)))
    first, second = run(clip_stored), run(clip_stored)
    assert first["detected"]["id"] == second["detected"]["id"]
    assert {**first, "detected": None} == {**second, "detected": None}
    assert len(lying_in_work()) == 1


def test_an_inference_that_fails_leaves_nothing_and_the_next_try_makes_good(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_once = FakeDetector(failures=1)
    monkeypatch.setattr(look_at_clip, "detector", lambda: fails_once)
    clip_stored = stored(clip(passing(100)))
    with pytest.raises(RuntimeError, match="the card fell off the bus"):
        run(clip_stored)
    assert lying_in_work() == []
    assert run(clip_stored)["outcome"] == "seen"


@pytest.mark.parametrize(("priority", "outcome"), [("low", "sampled"), ("normal", "seen")])
def test_where_the_profile_names_no_tier_the_city_decides(priority: str, outcome: str) -> None:
    Tiers.from_env().put(TierSetting(version=1, on_gpu=1, since=now()))
    register(priority=priority)
    assert run(stored(clip(passing(50))))["outcome"] == outcome


def test_the_profile_decides_the_rate() -> None:
    register(sampling_fps=1.0)
    answer = run(stored(clip(passing(100))))
    assert answer["detected"]["data"]["sampled"]["frames"] == 4
    assert answer["detected"]["data"]["profile_version"] == 2


@pytest.mark.parametrize(("priority", "frames"), [("low", 5), ("normal", 10), ("high", 20)])
def test_a_clip_that_waited_nine_seconds_is_sampled_less_by_its_cameras_priority(priority: str, frames: int) -> None:
    register(priority=priority)
    waited = AdmittedClip(**dict(stored(clip(passing(100)))), waited_s=9.0)
    told = run(waited)["detected"]["data"]["sampled"]
    assert told["frames"] == frames
    assert told["asked_fps"] == (None if frames == 20 else 5.0)


def test_a_minute_of_pictures_is_sampled_as_a_clip_is() -> None:
    start = now().replace(microsecond=0) - timedelta(minutes=5)
    raw = series(named((jpeg(picture) for picture in passing(5)), start))
    answer = run(stored(raw, seconds=60, media_type="application/zip", start=start))
    assert answer["detected"]["data"]["sampled"]["frames"] == 5
    assert answer["detected"]["data"]["sampled"]["coverage"] == 1.0


@pytest.mark.parametrize(
    ("raw", "reason"), [(PLAYLIST, "playlist"), (b"x" * 999, "not_a_video"), (clip(passing(40))[:9999], "truncated")]
)
def test_a_clip_that_cannot_be_used_lies_in_quarantine_and_a_fact_says_why(raw: bytes, reason: str) -> None:
    clip_stored = stored(raw)
    assert run(clip_stored)["reason"] == reason
    assert quarantined() == [f"quarantine/{reason}/{clip_stored.footage.clip_id}"]
    (fact,) = facts()
    assert (fact["type"], fact["data"]["reason"]) == ("cameras.clip.rejected.v1", reason)
    standing = Intake.from_env().claims.get(clip_stored.footage.clip_id)
    assert (standing.state, standing.reason) == (ClipState.REJECTED, reason)


def test_a_rejected_clip_that_is_delivered_again_stays_rejected_for_its_first_reason() -> None:
    clip_stored = stored(b"x" * 999)
    assert run(clip_stored)["reason"] == run(clip_stored)["reason"] == "not_a_video"
    assert len(facts()) == 1


def test_a_rejection_that_broke_off_before_it_was_told_is_told_by_the_next_delivery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip_stored = stored(b"x" * 999)
    monkeypatch.setenv("BUS_NAME", "no-such-bus")
    with pytest.raises(Exception, match="no-such-bus"):
        run(clip_stored)
    look_at_clip.looking.cache_clear()
    monkeypatch.setenv("BUS_NAME", BUS)
    assert run(clip_stored)["reason"] == "not_a_video"
    (fact,) = facts()
    assert fact["data"]["reason"] == "not_a_video"


def test_a_clip_of_a_camera_that_nobody_registered_is_rejected() -> None:
    assert run(stored(clip(passing(40)), camera_id=NOBODYS))["reason"] == "unknown_camera"


def test_a_clip_whose_declared_length_is_not_its_own_is_rejected() -> None:
    assert run(stored(clip(passing(100)), seconds=30))["reason"] == "wrong_length"


def test_a_length_that_the_receiver_guessed_is_not_held_against_the_clip() -> None:
    answer = run(stored(clip(passing(100)), seconds=30, quality=ClockQuality.RECEIVED))
    assert answer["outcome"] == "seen"
    assert answer["detected"]["data"]["sampled"]["coverage"] == 1.0


def test_footage_that_is_gone_though_nobody_rejected_it_is_an_alarm() -> None:
    clip_stored = stored(clip(passing(40)))
    boto3.client("s3").delete_object(Bucket="footage-bucket", Key=clip_stored.footage.key)
    with pytest.raises(Inconsistent):
        run(clip_stored)
