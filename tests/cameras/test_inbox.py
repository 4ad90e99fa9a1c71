"""The inbox: leave to hand in is bound, what arrives is claimed once, and what cannot be used gets its reason."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from civicam.aws.claims import ClipState
from civicam.aws.inbox import DROPS, UPLOADS, Inbox
from civicam.aws.intake import Intake
from civicam.aws.registry import Registry
from civicam.cameras.drops import filmed, named_time
from civicam.contracts.base import now
from civicam.contracts.cameras import ClipDeclaration, ClipRejected, ClipStored
from civicam.contracts.errors import Rejected
from civicam.contracts.footage import ClockQuality
from civicam.contracts.sources import CitizenSource, FolderSource
from tests.cameras.conftest import PULLED, PUSHING, camera, declaration
from tests.cameras.test_ways_in import details, quarantined
from tests.fakes.footage import clip, passing

pytestmark = pytest.mark.unit
CITIZENS, DROPPED = "01JZ0000000000000000000003", "01JZ0000000000000000000004"


@pytest.fixture(scope="module")
def video() -> bytes:
    """Three seconds."""
    return clip(passing(75))


@pytest.fixture
def inbox(city: None) -> Inbox:
    """Of a city where citizens hand in and a device drops."""
    for made in (
        camera(),
        camera(CITIZENS).model_copy(update={"source": CitizenSource()}),
        camera(DROPPED).model_copy(update={"source": FolderSource(name_format="%Y%m%d_%H%M%S")}),
    ):
        Registry.from_env().put(made)
    return Inbox(Intake.from_env())


def handed_in(body: bytes, camera_id: str = CITIZENS) -> ClipDeclaration:
    return declaration(body, camera_id=camera_id, start=now() - timedelta(minutes=5), seconds=3)


def put(key: str, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket="footage-bucket", Key=key, Body=body)


def lies(prefix: str) -> list[str]:
    found = boto3.client("s3").list_objects_v2(Bucket="footage-bucket", Prefix=prefix).get("Contents", [])
    return [item["Key"] for item in found]


def policy(fields: dict[str, str]) -> list[Any]:
    conditions: list[Any] = json.loads(base64.b64decode(fields["policy"]))["conditions"]
    return conditions


class TestUploads:
    def offered(self, inbox: Inbox, video: bytes) -> str:
        offered = inbox.offer(handed_in(video))
        assert offered.form is not None
        return offered.form.fields["key"]

    def test_leave_is_bound_to_camera_size_type_and_minutes(self, inbox: Inbox, video: bytes) -> None:
        before = now()
        offered = inbox.offer(handed_in(video))
        assert offered.form is not None
        bound = policy(offered.form.fields)
        assert ["content-length-range", len(video), len(video)] in bound
        for condition in (
            {"Content-Type": "video/mp4"},
            {"bucket": "footage-bucket"},
            {"key": f"{UPLOADS}{CITIZENS}/{offered.clip.footage.clip_id}"},
            {"x-amz-meta-sha256": hashlib.sha256(video).hexdigest()},
        ):
            assert condition in bound
        ends = datetime.fromisoformat(json.loads(base64.b64decode(offered.form.fields["policy"]))["expiration"])
        assert timedelta(minutes=14) < ends - before < timedelta(minutes=16)

    def test_what_arrives_is_claimed_once_and_leaves_the_inbox(self, inbox: Inbox, video: bytes) -> None:
        key = self.offered(inbox, video)
        put(key, video)
        taken = inbox.arrived(key)
        assert taken is not None
        assert taken.state is ClipState.STORED
        assert inbox.arrived(key) is None
        assert len(details(ClipStored)) == 1
        assert lies("inbox/") == []
        again = inbox.offer(taken_declaration(taken.footage))
        assert again.form is None

    def test_a_second_upload_of_the_same_is_no_second_clip(self, inbox: Inbox, video: bytes) -> None:
        key = self.offered(inbox, video)
        for _ in range(2):
            put(key, video)
            assert inbox.arrived(key) is not None
        assert len(details(ClipStored)) == 1
        assert lies("inbox/") == []

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [(lambda video: video + b"x", "wrong_size"), (lambda video: video[:-1] + b"x", "digest_mismatch")],
    )
    def test_another_file_than_was_declared_is_refused_with_its_reason(
        self, inbox: Inbox, video: bytes, spoil: Any, reason: str
    ) -> None:
        key = self.offered(inbox, video)
        put(key, spoil(video))
        assert inbox.arrived(key) is None
        (fact,) = details(ClipRejected)
        assert (fact.reason, fact.camera_id) == (reason, CITIZENS)
        assert quarantined() == [fact.quarantine_key]
        clip = inbox.intake.claims.get(key.rpartition("/")[2])
        assert (clip.state, clip.reason) == (ClipState.REJECTED, reason)
        assert lies("inbox/") == []

    @pytest.mark.parametrize("camera_id", [PULLED, PUSHING])
    def test_nobody_hands_in_for_a_camera_that_films_by_itself(self, inbox: Inbox, camera_id: str) -> None:
        with pytest.raises(Rejected) as refused:
            inbox.offer(handed_in(b"x", camera_id))
        assert refused.value.reason in {"unknown_camera", "not_for_citizens"}

    def test_what_nobody_declared_or_for_another_camera_is_refused(self, inbox: Inbox, video: bytes) -> None:
        key = self.offered(inbox, video)
        for wrong in (f"{UPLOADS}{CITIZENS}/{'0' * 32}", key.replace(CITIZENS, PUSHING)):
            put(wrong, video)
            assert inbox.arrived(wrong) is None
        assert {fact.reason for fact in details(ClipRejected)} == {"undeclared"}
        assert details(ClipStored) == []


def taken_declaration(footage: Any) -> ClipDeclaration:
    return ClipDeclaration.model_validate({name: getattr(footage, name) for name in ClipDeclaration.model_fields})


class TestDrops:
    def name(self, minutes_ago: int = 5) -> str:
        local = (now() - timedelta(minutes=minutes_ago)).astimezone(UTC) + timedelta(hours=7)
        return f"Cổng chính_{local:%Y%m%d_%H%M%S}_ch1.mp4"

    def test_a_file_is_taken_at_the_time_in_its_name_and_goes(self, inbox: Inbox, video: bytes) -> None:
        key = f"{DROPS}{DROPPED}/{self.name()}"
        put(key, video)
        taken = inbox.arrived(key)
        assert taken is not None
        assert abs((now() - taken.footage.capture_start).total_seconds() - 300) < 30
        assert taken.footage.clock_quality is ClockQuality.DECLARED
        assert lies("inbox/") == []
        assert len(details(ClipStored)) == 1

    @pytest.mark.parametrize(
        ("name", "body", "reason"),
        [
            ("holiday.mp4", None, "unnamed_time"),
            ("20261324_104500.mp4", None, "unnamed_time"),
            ("20200101_104500.mp4", None, "too_old"),
            ("20261124_104500.exe", None, "unsupported_media_type"),
            ("20261124_104500.mp4", b"#EXTM3U\nhttp://169.254.169.254/\n", "unknown_length"),
        ],
    )
    def test_what_cannot_be_used_is_refused_with_its_reason(
        self, inbox: Inbox, video: bytes, name: str, body: bytes | None, reason: str
    ) -> None:
        key = f"{DROPS}{DROPPED}/{name}"
        put(key, body or video)
        assert inbox.arrived(key) is None
        (fact,) = details(ClipRejected)
        assert (fact.reason, fact.camera_id) == (reason, DROPPED)
        assert quarantined() == [fact.quarantine_key]
        assert lies("inbox/") == []

    @pytest.mark.parametrize("camera_id", [PUSHING, PULLED, "x", ".."])
    def test_a_camera_without_a_folder_takes_nothing(self, inbox: Inbox, video: bytes, camera_id: str) -> None:
        key = f"{DROPS}{camera_id}/{self.name()}"
        put(key, video)
        assert inbox.arrived(key) is None
        assert {fact.reason for fact in details(ClipRejected)} <= {"no_drop_folder", "unknown_camera"}

    @pytest.mark.parametrize(
        ("name", "told", "moment"),
        [
            ("ch01_20261124174500.mp4", "%Y%m%d%H%M%S", "2026-11-24T10:45:00Z"),
            ("2026-11-24T10:45:00Z.mp4", "%Y-%m-%dT%H:%M:%S%z", "2026-11-24T10:45:00Z"),
            ("cam 24.11.2026 17-45-00.avi", "%d.%m.%Y %H-%M-%S", "2026-11-24T10:45:00Z"),
            ("1795517100_2.mp4", "unix", "2026-11-24T10:45:00Z"),
            ("a1795517100123b.mp4", "unix_ms", "2026-11-24T10:45:00.123Z"),
        ],
    )
    def test_times_in_names_are_read_by_the_device_s_clock(self, name: str, told: str, moment: str) -> None:
        assert named_time(name, FolderSource(name_format=told)) == datetime.fromisoformat(moment)

    def test_without_a_format_a_file_s_own_time_is_that_of_its_last_picture(self, video: bytes) -> None:
        written = datetime(2026, 11, 24, 10, 45, tzinfo=UTC)
        start, end, clock = filmed("a.mp4", video, written, FolderSource())
        assert (end, clock) == (written, ClockQuality.RECEIVED)
        assert (end - start).total_seconds() == pytest.approx(3, abs=0.1)
