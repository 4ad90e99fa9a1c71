"""Store, claim, announce: whichever way footage comes, and in whatever order the ways meet."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from civicam.aws.bus import Bus
from civicam.aws.claims import ClaimOutcome, Claims, ClipState
from civicam.aws.footage import FootageStore
from civicam.aws.intake import Intake
from civicam.aws.sweeping import Sweeper
from civicam.cameras.intake import DuplicateContent
from civicam.contracts.cameras import ClipRejected, ClipStored
from civicam.contracts.errors import NotFound, Rejected
from civicam.contracts.facts import read_fact
from civicam.contracts.footage import Footage
from tests.cameras.conftest import AT, CLIP, PULLED, PUSHING, at_time, declaration
from tests.fakes.city_in_moto import published

pytestmark = pytest.mark.unit
OTHER_TIME = AT - timedelta(minutes=3)


def details(kind: type[Any]) -> list[Any]:
    """The facts of one kind that went over the bus since the last look."""
    return [read_fact(told["detail"], kind).data for told in published() if told["detail-type"] == kind.TYPE]


def upload(intake: Intake, footage: Footage) -> None:
    """As a recorder does with the leave it got."""
    assert intake.store.put(footage, CLIP)


def quarantined() -> list[str]:
    found = boto3.client("s3").list_objects_v2(Bucket="footage-bucket", Prefix="quarantine/").get("Contents", [])
    return [item["Key"] for item in found]


class TestUpload:
    def test_declared_uploaded_completed_is_announced_once(self, intake: Intake) -> None:
        declared = intake.declare(declaration())
        assert declared.upload is not None
        assert declared.clip.state is ClipState.DECLARED
        upload(intake, declared.clip.footage)
        for _ in range(2):
            assert intake.complete(declared.clip.footage.clip_id).state is ClipState.STORED
        (fact,) = details(ClipStored)
        assert fact.footage == declared.clip.footage
        assert fact.stored_at == AT

    def test_a_recorder_that_lost_the_answer_gets_leave_again(self, intake: Intake) -> None:
        first, again = intake.declare(declaration()), intake.declare(declaration())
        assert first.clip.footage == again.clip.footage
        assert again.upload is not None

    def test_what_is_here_already_needs_no_upload(self, intake: Intake) -> None:
        intake.take(declaration(), CLIP)
        again = intake.declare(declaration())
        assert (again.clip.state, again.upload) == (ClipState.STORED, None)

    def test_the_same_bytes_under_another_time_are_a_conflict(self, intake: Intake) -> None:
        intake.take(declaration(), CLIP)
        with pytest.raises(DuplicateContent):
            intake.declare(declaration(start=OTHER_TIME))

    def test_completing_before_uploading_says_what_is_missing(self, intake: Intake) -> None:
        declared = intake.declare(declaration())
        with pytest.raises(Rejected) as refused:
            intake.complete(declared.clip.footage.clip_id)
        assert refused.value.reason == "not_uploaded"
        assert details(ClipStored) == []

    def test_completing_what_nobody_declared_is_not_found(self, intake: Intake) -> None:
        with pytest.raises(NotFound):
            intake.complete("0" * 32)

    @pytest.mark.parametrize(
        ("told", "reason"),
        [
            (declaration(camera_id=PULLED), "unknown_camera"),
            (declaration(start=AT + timedelta(hours=1)), "from_the_future"),
            (declaration(start=AT - timedelta(days=40)), "too_old"),
            (declaration(seconds=3601), "too_long"),
            (declaration(media_type="audio/mpeg"), "unsupported_media_type"),
        ],
    )
    def test_what_the_city_would_not_take_gets_no_leave(self, intake: Intake, told: Any, reason: str) -> None:
        with pytest.raises(Rejected) as refused:
            at_time(AT + timedelta(hours=1) if reason == "too_long" else AT).declare(told)
        assert refused.value.reason == reason


class TestEventOfTheStore:
    def test_an_object_that_nobody_completed_is_claimed_and_announced(self, intake: Intake) -> None:
        declared = intake.declare(declaration())
        upload(intake, declared.clip.footage)
        clip = intake.found(declared.clip.footage.key)
        assert clip is not None
        assert clip.state is ClipState.STORED
        assert len(details(ClipStored)) == 1

    def test_event_and_completion_in_one_second_announce_once(self, intake: Intake) -> None:
        footage = intake.declare(declaration()).clip.footage
        upload(intake, footage)
        intake.found(footage.key)
        intake.complete(footage.clip_id)
        intake.found(footage.key)
        assert len(details(ClipStored)) == 1

    def test_what_somebody_has_claimed_is_theirs_to_announce_and_then_the_sweepers(self, intake: Intake) -> None:
        footage = intake.declare(declaration()).clip.footage
        upload(intake, footage)
        intake.claims.claim(footage, AT)
        later = at_time(AT + timedelta(minutes=3))
        later.found(footage.key)
        assert details(ClipStored) == []
        assert Sweeper(later, later.clock).sweep().announced == 1
        assert [fact.stored_at for fact in details(ClipStored)] == [AT]

    def test_the_same_bytes_under_another_key_go_to_quarantine_and_the_first_stands(self, intake: Intake) -> None:
        intake.take(declaration(), CLIP)
        published()
        other = Footage.place(**dict(declaration(start=OTHER_TIME)), bucket="footage-bucket")
        upload(intake, other)
        assert intake.found(other.key) is None
        (fact,) = details(ClipRejected)
        assert (fact.reason, fact.clip_id) == ("duplicate_content", other.clip_id)
        assert quarantined() == [fact.quarantine_key]
        assert intake.claims.get(other.clip_id).state is ClipState.STORED

    @pytest.mark.parametrize(
        ("told", "reason"),
        [
            (declaration(camera_id=PULLED), "unknown_camera"),
            (declaration(start=AT + timedelta(hours=1)), "from_the_future"),
        ],
    )
    def test_footage_that_the_city_would_not_take_goes_to_quarantine(
        self, intake: Intake, told: Any, reason: str
    ) -> None:
        footage = Footage.place(**dict(told), bucket="footage-bucket")
        upload(intake, footage)
        assert intake.found(footage.key) is None
        (fact,) = details(ClipRejected)
        assert (fact.reason, fact.camera_id) == (reason, told.camera_id)
        assert quarantined() == [fact.quarantine_key]

    def test_an_object_that_does_not_say_what_it_is_goes_to_quarantine(self, intake: Intake) -> None:
        key = f"clips/standard/{PUSHING}/2026-11-24/holiday.mp4"
        boto3.client("s3").put_object(Bucket="footage-bucket", Key=key, Body=b"x")
        assert intake.found(key) is None
        (fact,) = details(ClipRejected)
        assert (fact.reason, fact.camera_id) == ("malformed_footage", PUSHING)
        assert quarantined() == [fact.quarantine_key]

    def test_an_event_about_an_object_that_is_gone_is_no_effect(self, intake: Intake) -> None:
        assert intake.found("clips/standard/x/2026-11-24/y.mp4") is None
        assert published() == []


class TestTake:
    def test_bytes_that_the_city_fetched_are_stored_claimed_announced(self, intake: Intake) -> None:
        assert intake.take(declaration(), CLIP) is ClaimOutcome.NEW
        assert intake.take(declaration(), CLIP) is ClaimOutcome.SAME
        (fact,) = details(ClipStored)
        assert intake.store.download(fact.footage) == CLIP

    @pytest.mark.parametrize("start", [OTHER_TIME, declaration().capture_start])
    def test_known_bytes_under_another_time_have_no_effect(self, intake: Intake, start: Any) -> None:
        intake.take(declaration(), CLIP)
        assert intake.take(declaration(start=start, seconds=7), CLIP) is ClaimOutcome.OTHER
        assert len(details(ClipStored)) == 1
        found = boto3.client("s3").list_objects_v2(Bucket="footage-bucket")
        assert found["KeyCount"] == 1

    def test_a_source_whose_clock_is_wrong_is_told_by_a_fact(self, intake: Intake) -> None:
        with pytest.raises(Rejected):
            intake.take(declaration(start=AT + timedelta(hours=1)), CLIP)
        (fact,) = details(ClipRejected)
        assert fact.reason == "from_the_future"
        assert quarantined() == [fact.quarantine_key]


class Killed(Exception):
    """What a run meets that does not live to its end."""


class KilledAfterCopying(Claims):
    def reject(self, clip_id: str, reason: str) -> None:
        raise Killed


class KilledAfterMarking(Bus):
    def publish(self, events: object) -> None:
        raise Killed


class KilledAfterTelling(FootageStore):
    def remove(self, key: str) -> None:
        raise Killed


class TestReject:
    TRUNCATED = Rejected("truncated", "it ends after 14 bytes: send it again")

    @pytest.fixture
    def footage(self, intake: Intake) -> Footage:
        intake.take(declaration(), CLIP)
        found: Footage = details(ClipStored)[0].footage
        return found

    @pytest.mark.parametrize(
        "killed",
        [
            {"claims": KilledAfterCopying("clips-table")},
            {"bus": KilledAfterMarking("city")},
            {"store": KilledAfterTelling("footage-bucket")},
        ],
        ids=lambda killed: type(*killed.values()).__name__,
    )
    def test_whoever_comes_again_ends_what_a_killed_run_began(
        self, intake: Intake, footage: Footage, killed: dict[str, Any]
    ) -> None:
        with pytest.raises(Killed):
            replace(intake, **killed).reject(footage, self.TRUNCATED)
        intake.reject(footage, self.TRUNCATED)
        assert {fact.reason for fact in details(ClipRejected)} == {"truncated"}
        assert intake.claims.get(footage.clip_id).state is ClipState.REJECTED
        assert quarantined() == [f"quarantine/truncated/{footage.clip_id}"]
        assert not intake.store.holds(footage)

    @pytest.mark.parametrize(
        "killed",
        [{"bus": KilledAfterMarking("city")}, {"store": KilledAfterTelling("footage-bucket")}],
        ids=lambda killed: type(*killed.values()).__name__,
    )
    def test_an_object_that_does_not_say_what_it_is_does_not_get_lost_either(
        self, intake: Intake, killed: dict[str, Any]
    ) -> None:
        key = f"clips/standard/{PUSHING}/2026-11-24/holiday.mp4"
        boto3.client("s3").put_object(Bucket="footage-bucket", Key=key, Body=b"x")
        with pytest.raises(Killed):
            replace(intake, **killed).found(key)
        assert intake.found(key) is None
        assert len({fact.fact_id for fact in details(ClipRejected)}) == 1
        assert intake.found(key) is None
        assert published() == []

    def test_a_bad_clip_is_out_of_the_way_with_its_reason_and_stays_so(self, intake: Intake, footage: Footage) -> None:
        for _ in range(2):
            intake.reject(footage, self.TRUNCATED)
        (fact,) = details(ClipRejected)
        assert fact.quarantine_key == f"quarantine/truncated/{footage.clip_id}"
        clip = intake.claims.get(footage.clip_id)
        assert (clip.state, clip.reason) == (ClipState.REJECTED, "truncated")
        assert intake.declare(declaration()).clip.state is ClipState.REJECTED
        assert intake.take(declaration(), CLIP) is ClaimOutcome.SAME
        assert details(ClipStored) == []
