"""Cameras' functions on real payloads: a tick becomes pulls, a pull a clip, an object a claim."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any, Literal
from zipfile import ZipFile

import boto3
import pytest

from civicam.aws.claims import Claims, ClipState
from civicam.aws.footage import FootageStore
from civicam.aws.registry import Registry
from civicam.cameras.pulls import CLOSING, Pull, minute_of
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import ClipRejected, ClipStored
from civicam.contracts.facts import read_fact
from civicam.contracts.footage import ClockQuality, Footage
from functions.cameras.announce_clip.handler import handler as announce_clip
from functions.cameras.plan_pulls.handler import handler as plan_pulls
from functions.cameras.pull_clips.handler import handler as pull_clips
from functions.cameras.sweep_clips.handler import handler as sweep_clips
from tests.cameras.conftest import AT, CLIP, PULLED, camera, declaration, pulled
from tests.fakes.camera_source import Answer, Source, camera_source
from tests.fakes.city_in_moto import Context, published
from tests.fakes.queue import received, waits

pytestmark = pytest.mark.unit
Payload = Callable[[str], Any]


@pytest.fixture
def source(city: None) -> Iterator[Source]:
    with camera_source() as one:
        yield one


def register(source: Source, kind: Literal["http_clip", "http_picture"] = "http_clip") -> None:
    Registry.from_env().put(pulled(source.url, kind))


def batch(*pulls: Pull, tries: int = 1) -> dict[str, Any]:
    """The pulls as Lambda gets them from the queue, with handles that work."""
    return {"Records": [_received(str(number), pull.model_dump_json(), tries) for number, pull in enumerate(pulls)]}


def _received(name: str, body: str, tries: int = 1, queue: str = "PULL_QUEUE_URL") -> dict[str, Any]:
    record = {
        "messageId": name,
        "body": body,
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:pulls",
        "awsRegion": "us-east-1",
    }
    return received(os.environ[queue], record, tries=tries)


def read(seconds_ago: float = 0) -> Pull:
    return Pull(camera_id=PULLED, at=now() - timedelta(seconds=seconds_ago))


def jpeg(body: bytes) -> Answer:
    return Answer(body=body, media_type="image/jpeg")


def stored() -> list[Footage]:
    told = [envelope["detail"] for envelope in published() if envelope["detail-type"] == ClipStored.TYPE]
    return [read_fact(detail, ClipStored).data.footage for detail in told]


class TestPlanPulls:
    LATE = now() - timedelta(minutes=3)

    @pytest.fixture
    def tick(self, payload: Payload) -> dict[str, Any]:
        """A tick that comes three minutes late: whatever it plans is due."""
        tick: dict[str, Any] = payload("cameras_plan_pulls")
        return tick | {"time": utc_text(self.LATE)}

    def messages(self) -> list[Pull]:
        sqs, found = boto3.client("sqs"), []
        url = sqs.get_queue_url(QueueName="pulls")["QueueUrl"]
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            found += [Pull.model_validate_json(message["Body"]) for message in got]
        return found

    def test_a_tick_plans_every_pulled_camera_and_no_other(
        self, city: None, context: Context, tick: dict[str, Any]
    ) -> None:
        Registry.from_env().put(camera())
        Registry.from_env().put(pulled("http://camera.example/picture.jpg", "http_picture", 12))
        plan_pulls(tick, context)
        pulls = self.messages()
        assert sorted(pull.action for pull in pulls) == ["close"] + ["read"] * 5
        assert {pull.camera_id for pull in pulls} == {PULLED}

    def test_a_tick_that_comes_late_plans_its_own_minute(
        self, city: None, context: Context, tick: dict[str, Any]
    ) -> None:
        Registry.from_env().put(pulled("http://camera.example/clip.mp4"))
        plan_pulls(tick, context)
        assert {minute_of(pull.at) for pull in self.messages()} == {minute_of(self.LATE)}

    def test_a_call_that_names_no_time_means_the_present_minute(self, city: None, context: Context) -> None:
        Registry.from_env().put(pulled("http://camera.example/clip.mp4", interval_seconds=60))
        plan_pulls({}, context)
        answer = boto3.client("sqs").get_queue_attributes(
            QueueUrl=boto3.client("sqs").get_queue_url(QueueName="pulls")["QueueUrl"], AttributeNames=["All"]
        )["Attributes"]
        assert {answer["ApproximateNumberOfMessages"], answer["ApproximateNumberOfMessagesDelayed"]} == {"0", "1"}


class TestPullClips:
    def test_a_clip_is_fetched_stored_and_announced_with_the_time_its_source_states(
        self, source: Source, context: Context
    ) -> None:
        register(source)
        start, end = now() - timedelta(seconds=20), now() - timedelta(seconds=10)
        told = {"Capture-Start": utc_text(start), "Capture-End": utc_text(end), "ETag": '"7"'}
        source.answers = [Answer(body=CLIP, headers=told)]
        assert pull_clips(batch(read()), context) == {"batchItemFailures": []}
        (footage,) = stored()
        assert (footage.capture_start, footage.capture_end) == (start, end)
        assert footage.clock_quality is ClockQuality.DECLARED
        assert FootageStore.from_env().download(footage) == CLIP

    def test_a_source_that_states_no_time_gets_the_receivers(self, source: Source, context: Context) -> None:
        register(source)
        source.answers = [Answer(body=CLIP)]
        pull = read(seconds_ago=1)
        for _ in range(2):
            pull_clips(batch(pull), context)
        (footage,) = stored()
        assert (footage.capture_end, footage.clock_quality) == (pull.at, ClockQuality.RECEIVED)

    def test_the_next_pull_asks_only_for_something_new(self, source: Source, context: Context) -> None:
        register(source)
        source.answers = [Answer(body=CLIP, headers={"ETag": '"7"'}), Answer(304)]
        pull_clips(batch(read(), read()), context)
        assert source.asked[1]["if-none-match"] == '"7"'
        assert len(stored()) == 1

    def test_a_source_that_sends_the_same_for_ever_is_recognised(self, source: Source, context: Context) -> None:
        register(source)
        source.answers = [Answer(body=CLIP), Answer(body=b"another"), Answer(body=CLIP)]
        assert pull_clips(batch(read(9), read(6), read(3), read()), context) == {"batchItemFailures": []}
        assert len(stored()) == 2

    def test_a_pull_whose_successor_is_due_is_let_go(self, source: Source, context: Context) -> None:
        register(source)
        assert pull_clips(batch(read(seconds_ago=21)), context) == {"batchItemFailures": []}
        assert source.paths == []

    def test_only_what_may_pass_returns_to_the_queue(self, source: Source, context: Context) -> None:
        register(source)
        source.answers = [Answer(404), Answer(503), Answer(body=b"x", media_type="text/html"), Answer(body=CLIP)]
        failed = pull_clips(batch(*[read()] * 4), context)["batchItemFailures"]
        assert [failure["itemIdentifier"] for failure in failed] == ["1"]
        assert len(stored()) == 1

    def test_a_camera_that_stays_away_is_let_go_and_is_no_dead_letter(self, source: Source, context: Context) -> None:
        register(source)
        source.answers = [Answer(503)]
        with waits() as heard:
            assert len(pull_clips(batch(read(), tries=2), context)["batchItemFailures"]) == 1
        assert 5 <= heard[0] <= 10
        assert pull_clips(batch(read(), tries=3), context) == {"batchItemFailures": []}

    def test_a_source_inside_is_never_called(
        self, source: Source, context: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Registry.from_env().put(pulled("http://169.254.169.254/latest/meta-data/"))
        assert pull_clips(batch(read()), context) == {"batchItemFailures": []}

    def test_a_source_whose_clock_runs_ahead_is_told_and_its_clip_kept_apart(
        self, source: Source, context: Context
    ) -> None:
        register(source)
        told = {
            "Capture-Start": utc_text(now() + timedelta(hours=1)),
            "Capture-End": utc_text(now() + timedelta(hours=2)),
        }
        source.answers = [Answer(body=CLIP, headers=told)]
        assert pull_clips(batch(read()), context) == {"batchItemFailures": []}
        (fact,) = [read_fact(envelope["detail"], ClipRejected).data for envelope in published()]
        assert fact.reason == "from_the_future"

    def test_cameras_that_are_gone_or_push_now_are_let_go(self, city: None, context: Context) -> None:
        assert pull_clips(batch(read()), context) == {"batchItemFailures": []}
        Registry.from_env().put(camera(PULLED))
        assert pull_clips(batch(read()), context) == {"batchItemFailures": []}


class TestPictureSeries:
    def test_the_pictures_of_a_minute_become_one_clip_however_often_it_is_closed(
        self, source: Source, context: Context
    ) -> None:
        register(source, "http_picture")
        source.answers = [jpeg(b"one"), jpeg(b"one"), jpeg(b"two")]
        pull = Pull(camera_id=PULLED, at=now())
        pull_clips(batch(pull, pull, pull), context)
        minute = minute_of(pull.at)
        close = Pull(camera_id=PULLED, at=minute + timedelta(minutes=1) + CLOSING, action="close")
        for _ in range(2):
            assert pull_clips(batch(close), context) == {"batchItemFailures": []}
        (footage,) = stored()
        assert (footage.capture_start, footage.capture_end) == (minute, minute + timedelta(minutes=1))
        assert footage.media_type == "application/zip"
        with ZipFile(BytesIO(FootageStore.from_env().download(footage))) as series:
            assert [series.read(name) for name in series.namelist()] == [b"one", b"two"]

    def test_a_minute_without_a_new_picture_makes_no_clip(self, source: Source, context: Context) -> None:
        register(source, "http_picture")
        close = Pull(camera_id=PULLED, at=minute_of(now()) + CLOSING, action="close")
        assert pull_clips(batch(close), context) == {"batchItemFailures": []}
        assert stored() == []


class TestAnnounceClip:
    def test_the_event_that_s3_really_sends_claims_and_announces(
        self, city: None, context: Context, payload: Payload
    ) -> None:
        Registry.from_env().put(camera())
        footage = Footage.place(**dict(declaration(start=now() - timedelta(minutes=1))), bucket="footage-bucket")
        event = payload("cameras_announce_clip")
        event["detail"]["object"]["key"] = footage.key
        FootageStore.from_env().put(footage, CLIP)
        told = {"Records": [_received("1", json.dumps(event), queue="ARRIVAL_QUEUE_URL")]}
        for _ in range(2):
            assert announce_clip(told, context) == {"batchItemFailures": []}
        assert stored() == [footage]
        assert Claims.from_env().get(footage.clip_id).state is ClipState.STORED


class TestSweepClips:
    def test_a_claim_that_was_never_announced_is(self, city: None, context: Context) -> None:
        Registry.from_env().put(camera())
        footage = Footage.place(**dict(declaration()), bucket="footage-bucket")
        FootageStore.from_env().put(footage, CLIP)
        Claims.from_env().claim(footage, now() - timedelta(minutes=3))
        sweep_clips({}, context)
        assert stored() == [footage]
        sweep_clips({}, context)
        assert stored() == []


def test_payloads_are_what_the_pulls_say() -> None:
    assert json.loads(Pull(camera_id=PULLED, at=AT).model_dump_json()) == {
        "camera_id": PULLED,
        "at": "2026-11-24T10:45:30.000Z",
        "action": "read",
    }
